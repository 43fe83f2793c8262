/** Answers that the cryptography here must give before anything is sealed or opened. */
import { sha256 } from "@noble/hashes/sha2.js";

import answers from "../../../tests/vectors/known-answers.json";
import { type Bytes, hex, same, utf8 } from "./bytes";
import { SuiteBroken } from "./errors";
import { verifies, verifyKey } from "./signing";
import { decrypt, encrypt, openingKey, SUITES, suiteNamed } from "./suites";

// RFC 8032, 7.1, test 1: an empty message.
const ED25519_PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const ED25519_SIGNATURE =
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

let known: Promise<void> | undefined;

/** Throws SuiteBroken; also where the browser lacks something. Asked once a page; takes some 50 ms. */
export function knownAnswers(): Promise<void> {
  known ??= ask().catch(() => {
    throw new SuiteBroken("suite-broken");
  });
  return known;
}

async function ask(): Promise<void> {
  const signature = fromHex(ED25519_SIGNATURE);
  demand(await verifies(verifyKey(fromHex(ED25519_PUBLIC)), signature, new Uint8Array()));
  signature[0]! ^= 1;
  demand(!(await verifies(verifyKey(fromHex(ED25519_PUBLIC)), signature, new Uint8Array())));
  demand(answers.hpke.map(({ suite }) => suite).join() === SUITES.map(({ name }) => name).join());
  for (const answer of answers.hpke) {
    const key = await openingKey(suiteNamed(answer.suite)!, fromHex(answer.seed));
    const [info, plaintext, blob] = [utf8(answer.info), utf8(answer.plaintext), fromHex(answer.blob)];
    demand(hex(sha256(key.public.raw)) === answer.public_sha256);
    demand(opens(await decrypt(key, blob, info), plaintext));
    demand(opens(await decrypt(key, await encrypt(key.public, plaintext, info), info), plaintext));
    demand((await decrypt(key, blob, utf8(`${answer.info}!`))) === null);
    blob[blob.length - 1]! ^= 1;
    demand((await decrypt(key, blob, info)) === null);
  }
}

const fromHex = (text: string): Bytes => Uint8Array.from(text.match(/../g)!, (pair) => parseInt(pair, 16));
const opens = (found: Bytes | null, wanted: Bytes): boolean => found !== null && same(found, wanted);

function demand(right: boolean): asserts right {
  if (!right) throw new SuiteBroken("suite-broken");
}

/** Answers that the cryptography here must give before anything is sealed or opened. */
import { sha256 } from "@noble/hashes/sha2.js";

import answers from "../../../tests/vectors/known-answers.json";
import { type Bytes, hex, same, utf8 } from "./bytes";
import { SuiteBroken } from "./errors";
import { decrypt, encrypt, openingKey, SUITES, suiteNamed } from "./suites";

let known: Promise<void> | undefined;

/** Throws SuiteBroken. Asked once a page; takes some 50 ms. */
export function knownAnswers(): Promise<void> {
  known ??= ask();
  return known;
}

async function ask(): Promise<void> {
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

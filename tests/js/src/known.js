/** Answers that the cryptography here must give before anything is sealed or opened. */
import { argon2id } from "@noble/hashes/argon2.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { ascii, hex } from "./bytes.js";
import { SuiteBroken } from "./errors.js";
import { decrypt, encrypt, openingKey, SUITES, suiteNamed } from "./suites.js";

/** `known`: what stands in tests/vectors/known-answers.json. Throws SuiteBroken. */
export async function knownAnswers(known) {
  demand(known.hpke.map(({ suite }) => suite).join() === SUITES.map(({ name }) => name).join());
  for (const answer of known.hpke) {
    const key = await openingKey(suiteNamed(answer.suite), bytes(answer.seed));
    const [info, plaintext, blob] = [ascii(answer.info), ascii(answer.plaintext), bytes(answer.blob)];
    demand(hex(sha256(key.public.raw)) === answer.public_sha256);
    demand(same(await decrypt(key, blob, info), plaintext));
    demand(same(await decrypt(key, await encrypt(key.public, plaintext, info), info), plaintext));
    demand((await decrypt(key, blob, ascii(`${answer.info}!`))) === null);
    blob[blob.length - 1] ^= 1;
    demand((await decrypt(key, blob, info)) === null);
  }
  const { password, salt, t, m_kib: m, p, derived } = known.argon2id;
  demand(hex(argon2id(ascii(password), bytes(salt), { t, m, p, dkLen: 32 })) === derived);
}

const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const same = (found, wanted) => found !== null && hex(found) === hex(wanted);

function demand(right) {
  if (!right) throw new SuiteBroken("suite-broken");
}

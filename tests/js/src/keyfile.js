/** One private key in a JSON text, see docs/formats/key-file.md. */
import { argon2id } from "@noble/hashes/argon2.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { ascii, concat, label, sameBytes, uint, unbase64url, unhex } from "./bytes.js";
import { aes } from "./envelope.js";
import { KeyFileError, KeyRefused } from "./errors.js";
import { parseStrictly } from "./json.js";
import { verifyKeyOfSeed } from "./signing.js";
import { openingKey, SUITES, suiteNamed } from "./suites.js";
import { isDay, isLabel } from "./texts.js";

const FORMAT = "integra-key-1";
const SIGNING_ROLES = ["admin", "ingest"];
const ROLES = ["coordinator", "supervisor", "case-system", "recovery", ...SIGNING_ROLES];
const PROCESS_ROLES = ["case-system", "ingest"];
const TEXTS = ["format", "role", "suite", "kid", "public", "created", "label"];
const BOX_TEXTS = ["salt", "nonce", "ciphertext"];
const BOX_NUMBERS = ["t", "m_kib", "p"];

/**
 * `{ key, role, suite, label, created, demo, seed }`; the key is an opening key or a public signing key.
 *
 * `passphrase` and `kitCode` (16 bytes) exactly when the file needs them, null otherwise. Throws KeyFileError.
 */
export async function readKeyFile(text, { passphrase = null, kitCode = null } = {}) {
  const fields = fieldsOf(text);
  const [kid, raw] = [unhex(fields.kid, 16), bytes(fields.public)];
  const seed = "seed" in fields ? inClear(fields, passphrase, kitCode) : await unlocked(fields.protected, kid, passphrase, kitCode);
  const key = await keyOf(fields.suite, seed);
  const found = key.public ?? key;
  if (!sameBytes(found.kid, kid) || !sameBytes(found.raw, raw)) throw new KeyFileError("key");
  const { role, suite, label: name, created } = fields;
  return { key, role, suite, label: name, created, demo: "demo" in fields, seed };
}

function fieldsOf(text) {
  let fields;
  try {
    fields = parseStrictly(text);
  } catch {
    throw new KeyFileError("format");
  }
  demand(fields !== null && typeof fields === "object" && !Array.isArray(fields));
  const names = Object.keys(fields).filter((name) => name !== "demo");
  demand(names.length === TEXTS.length + 1 && TEXTS.every((name) => typeof fields[name] === "string"));
  demand("seed" in fields ? typeof fields.seed === "string" : isObject(fields.protected));
  demand(fields.format === FORMAT && ROLES.includes(fields.role));
  demand(suitesFor(fields.role).includes(fields.suite) && unhex(fields.kid, 16) !== null);
  demand(isDay(fields.created) && isLabel(fields.label) && (!("demo" in fields) || fields.demo === true));
  return fields;
}

function inClear(fields, passphrase, kitCode) {
  if (!PROCESS_ROLES.includes(fields.role) && !("demo" in fields)) throw new KeyFileError("unprotected");
  if (passphrase !== null || kitCode !== null) throw new KeyFileError("passphrase");
  return bytes(fields.seed);
}

async function unlocked(box, kid, passphrase, kitCode) {
  const names = ["kdf", "kit", ...BOX_NUMBERS, ...BOX_TEXTS];
  demand(Object.keys(box).length === names.length && names.every((name) => name in box));
  demand(box.kdf === "argon2id" && typeof box.kit === "boolean");
  demand(BOX_NUMBERS.every((name) => typeof box[name] === "number"));
  const [salt, nonce, ciphertext] = BOX_TEXTS.map((name) => bytes(box[name]));
  demand(salt.length === 16 && nonce.length === 12 && ciphertext.length === 48);
  if (passphrase === null) throw new KeyFileError("passphrase");
  if (box.kit !== (kitCode !== null)) throw new KeyFileError("kit-code");
  const wrapping = wrappingKey(passphrase, kitCode, salt, box);
  const numbers = BOX_NUMBERS.map((name) => uint(box[name], 4));
  const additionalData = concat(kid, ...numbers, Uint8Array.of(Number(box.kit)), salt);
  const how = { name: "AES-GCM", iv: nonce, additionalData };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(how, await aes(wrapping, "decrypt"), ciphertext));
  } catch {
    throw new KeyFileError("passphrase");
  }
}

function wrappingKey(passphrase, kitCode, salt, { t, m_kib: m, p }) {
  if (passphrase === "" || !passphrase.isWellFormed()) throw new KeyFileError("passphrase");
  if (kitCode !== null && kitCode.length !== 16) throw new KeyFileError("kit-code");
  const within = t >= 2 && t <= 16 && m >= 19_456 && m <= 1_048_576 && p >= 1 && p <= 8;
  if (!within) throw new KeyFileError("floor");
  const stretched = argon2id(ascii(passphrase.normalize("NFKC")), salt, { t, m, p, dkLen: 32 });
  return hkdf(sha256, concat(stretched, kitCode ?? new Uint8Array()), salt, label("keyfile"), 32);
}

async function keyOf(suite, seed) {
  try {
    return suite === "ed25519" ? await verifyKeyOfSeed(seed) : await openingKey(suiteNamed(suite), seed);
  } catch (error) {
    throw error instanceof KeyRefused ? new KeyFileError("format") : error;
  }
}

const suitesFor = (role) => (SIGNING_ROLES.includes(role) ? ["ed25519"] : SUITES.map(({ name }) => name));

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function bytes(text) {
  const found = unbase64url(text);
  demand(found !== null);
  return found;
}

function demand(right) {
  if (!right) throw new KeyFileError("format");
}

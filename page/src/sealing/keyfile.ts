/** One private key in a JSON text, see docs/formats/key-file.md. */
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { base64url, bytes, type Bytes, concat, hex, label, random, same, uint, unbase64url, unhex, utf8 } from "./bytes";
import { aes } from "./envelope";
import { KeyFileError, KeyRefused } from "./errors";
import { parseStrictly } from "./json";
import { verifyKeyOfSeed, type VerifyKey } from "./signing";
import { type OpeningKey, openingKey, SEED_BYTES, SUITES, suiteNamed, type SuiteName, XWING } from "./suites";
import { isDay, isLabel, isObject } from "./texts";

const FORMAT = "integra-key-1";
const PUBLIC_FORMAT = "integra-public-1";
const SIGNING_ROLES = ["admin", "ingest"];
const ROLES = ["coordinator", "supervisor", "case-system", "recovery", ...SIGNING_ROLES];
const PROCESS_ROLES = ["case-system", "ingest"];
const TEXTS = ["format", "role", "suite", "kid", "public", "created", "label"] as const;
const BOX_TEXTS = ["salt", "nonce", "ciphertext"] as const;
const BOX_NUMBERS = ["t", "m_kib", "p"] as const;
const MOST_BYTES = 65_536;
export const KIT_CODE_BYTES = 16;

/** Cost of one guess (RFC 9106): passes, KiB of memory, lanes. */
export interface Hardness {
  readonly t: number;
  readonly m_kib: number;
  readonly p: number;
}

export const HARDNESS: Hardness = { t: 3, m_kib: 65_536, p: 1 };

type Box = Hardness & Record<(typeof BOX_TEXTS)[number], string> & { kit: boolean };
type Fields = Record<(typeof TEXTS)[number], string> & { demo?: true; seed?: string; protected?: Box };

/** What stands in clear in a key file, unproven until it was opened. */
export interface About {
  readonly role: string;
  readonly suite: string;
  readonly kid: string;
  readonly public: string;
  readonly label: string;
  readonly created: string;
  readonly kit: boolean;
  readonly protected: boolean;
}

export interface KeyFile {
  readonly key: OpeningKey | VerifyKey;
  readonly role: string;
  readonly suite: string;
  readonly label: string;
  readonly created: string;
  readonly demo: boolean;
  readonly seed: Bytes;
}

/** How far a derivation is, 0 to 1. */
export type Progress = (done: number) => void;

/** What a key file says of itself. Throws KeyFileError: `format`. */
export function aboutKeyFile(text: string): About {
  const { role, suite, kid, public: raw, label: name, created, protected: box } = fieldsOf(text);
  return { role, suite, kid, public: raw, label: name, created, kit: box?.kit === true, protected: box !== undefined };
}

/**
 * The key in a file.
 *
 * `passphrase` and `kitCode` (16 bytes) exactly when the file needs them, null otherwise. Takes a second or more and
 * 64 MiB when it is protected; gives way to the screen meanwhile. Throws KeyFileError.
 */
export async function readKeyFile(
  text: string,
  passphrase: string | null = null,
  kitCode: Bytes | null = null,
  progress?: Progress,
): Promise<KeyFile> {
  const fields = fieldsOf(text);
  const [kid, raw] = [unhex(fields.kid, 16)!, decoded(fields.public)];
  const seed = fields.protected
    ? await unlocked(fields.protected, kid, passphrase, kitCode, progress)
    : inClear(fields, passphrase, kitCode);
  const key = await keyOf(fields.suite, seed);
  const found = "public" in key ? key.public : key;
  if (!same(found.kid, kid) || !same(found.raw, raw)) throw new KeyFileError("key");
  const { role, suite, label: name, created } = fields;
  return { key, role, suite, label: name, created, demo: "demo" in fields, seed };
}

/** A new X-Wing key in a file that needs the passphrase and the kit code, 16 bytes. Throws KeyFileError. */
export async function makeKeyFile(
  role: "coordinator" | "supervisor",
  name: string,
  created: string,
  passphrase: string,
  kitCode: Bytes,
  progress?: Progress,
  hardness: Hardness = HARDNESS,
): Promise<{ text: string; key: OpeningKey }> {
  if (!isLabel(name)) throw new KeyFileError("format");
  const seed = random(SEED_BYTES);
  const key = await openingKey(XWING, seed);
  const [salt, nonce] = [random(16), random(12)];
  const wrapping = await wrappingKey(passphrase, kitCode, salt, hardness, progress);
  const how = { name: "AES-GCM", iv: nonce, additionalData: authenticated(key.kid, hardness, true, salt) };
  const ciphertext = bytes(await crypto.subtle.encrypt(how, await aes(wrapping, "encrypt"), seed));
  const fields = {
    format: FORMAT,
    role,
    suite: XWING.name,
    kid: hex(key.kid),
    public: base64url(key.public.raw),
    created,
    label: name,
    protected: {
      kdf: "argon2id",
      ...hardness,
      kit: true,
      salt: base64url(salt),
      nonce: base64url(nonce),
      ciphertext: base64url(ciphertext),
    },
  };
  return { text: `${JSON.stringify(fields, null, 2)}\n`, key };
}

/** The public half of a key file, for whoever puts the key on a desk. */
export function publicHalf(text: string): string {
  const { role, label: name, suite, kid, public: raw, created } = fieldsOf(text);
  return `${JSON.stringify({ format: PUBLIC_FORMAT, role, label: name, suite, kid, public: raw, created }, null, 2)}\n`;
}

function fieldsOf(text: string): Fields {
  demand(utf8(text).length <= MOST_BYTES);
  let fields: unknown;
  try {
    fields = parseStrictly(text);
  } catch {
    throw new KeyFileError("format");
  }
  demand(isObject(fields));
  const names = Object.keys(fields).filter((name) => name !== "demo");
  demand(names.length === TEXTS.length + 1 && TEXTS.every((name) => typeof fields[name] === "string"));
  demand("seed" in fields ? typeof fields["seed"] === "string" : isObject(fields["protected"]));
  const found = fields as Fields;
  demand(found.format === FORMAT && ROLES.includes(found.role));
  demand(suitesFor(found.role).includes(found.suite) && unhex(found.kid, 16) !== null);
  demand(isDay(found.created) && isLabel(found.label) && (!("demo" in found) || found.demo === true));
  return found;
}

function inClear(fields: Fields, passphrase: string | null, kitCode: Bytes | null): Bytes {
  if (!PROCESS_ROLES.includes(fields.role) && !("demo" in fields)) throw new KeyFileError("unprotected");
  if (passphrase !== null || kitCode !== null) throw new KeyFileError("passphrase");
  return decoded(fields.seed);
}

async function unlocked(
  box: Box,
  kid: Bytes,
  passphrase: string | null,
  kitCode: Bytes | null,
  progress?: Progress,
): Promise<Bytes> {
  const names = ["kdf", "kit", ...BOX_NUMBERS, ...BOX_TEXTS];
  demand(Object.keys(box).length === names.length && names.every((name) => name in box));
  demand((box as unknown as { kdf: unknown }).kdf === "argon2id" && typeof box.kit === "boolean");
  demand(BOX_NUMBERS.every((name) => typeof box[name] === "number"));
  const [salt, nonce, ciphertext] = BOX_TEXTS.map((name) => decoded(box[name])) as [Bytes, Bytes, Bytes];
  demand(salt.length === 16 && nonce.length === 12 && ciphertext.length === 48);
  if (passphrase === null) throw new KeyFileError("passphrase");
  if (box.kit !== (kitCode !== null)) throw new KeyFileError("kit-code");
  const wrapping = await wrappingKey(passphrase, kitCode, salt, box, progress);
  const how = { name: "AES-GCM", iv: nonce, additionalData: authenticated(kid, box, box.kit, salt) };
  try {
    return bytes(await crypto.subtle.decrypt(how, await aes(wrapping, "decrypt"), ciphertext));
  } catch {
    throw new KeyFileError("passphrase");
  }
}

const authenticated = (kid: Bytes, { t, m_kib, p }: Hardness, kit: boolean, salt: Bytes): Bytes =>
  concat(kid, uint(t, 4), uint(m_kib, 4), uint(p, 4), Uint8Array.of(Number(kit)), salt);

async function wrappingKey(
  passphrase: string,
  kitCode: Bytes | null,
  salt: Bytes,
  { t, m_kib: m, p }: Hardness,
  progress?: Progress,
): Promise<Bytes> {
  if (passphrase === "" || !passphrase.isWellFormed()) throw new KeyFileError("passphrase");
  if (kitCode !== null && kitCode.length !== KIT_CODE_BYTES) throw new KeyFileError("kit-code");
  const within = t >= 2 && t <= 16 && m >= 19_456 && m <= 1_048_576 && p >= 1 && p <= 8;
  if (!within) throw new KeyFileError("floor");
  const how = { t, m, p, dkLen: 32, asyncTick: 30, ...(progress ? { onProgress: progress } : {}) };
  const stretched = await argon2idAsync(utf8(passphrase.normalize("NFKC")), salt, how);
  return bytes(hkdf(sha256, concat(stretched, kitCode ?? new Uint8Array()), salt, label("keyfile"), 32));
}

async function keyOf(suite: string, seed: Bytes): Promise<OpeningKey | VerifyKey> {
  try {
    return suite === "ed25519" ? await verifyKeyOfSeed(seed) : await openingKey(suiteNamed(suite)!, seed);
  } catch (error) {
    throw error instanceof KeyRefused ? new KeyFileError("format") : error;
  }
}

const suitesFor = (role: string): readonly string[] =>
  SIGNING_ROLES.includes(role) ? ["ed25519"] : SUITES.map(({ name }): SuiteName => name);

function decoded(text: unknown): Bytes {
  const found = unbase64url(text);
  demand(found !== null);
  return found;
}

function demand(right: boolean): asserts right {
  if (!right) throw new KeyFileError("format");
}

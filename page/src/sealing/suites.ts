/** The two ways to seal something to a key. No other suite steps in when one does not work. */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { sha256 } from "@noble/hashes/sha2.js";

import { bytes, concat, label, type Bytes } from "./bytes";
import { KeyRefused } from "./errors";

const TAG_BYTES = 16;
export const SEED_BYTES = 32;
const MLKEM_BYTES = 1184;
const MLKEM_PRIME = 3329;
const X25519_PKCS8 = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32);
const X25519_BASE = Uint8Array.of(9, ...new Uint8Array(31));

export type SuiteName = "x25519" | "x-wing";

export interface Suite {
  readonly byte: number;
  readonly name: SuiteName;
  readonly encBytes: number;
  readonly publicBytes: number;
  readonly hpke: CipherSuite;
}

const x25519Kem = new DhkemX25519HkdfSha256();
const xWingKem = new XWing();

const suite = (byte: number, name: SuiteName, kem: typeof x25519Kem | XWing, encBytes: number, publicBytes: number): Suite => ({
  byte,
  name,
  encBytes,
  publicBytes,
  hpke: new CipherSuite({ kem: kem as typeof x25519Kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() }),
});

export const X25519 = suite(1, "x25519", x25519Kem, 32, 32);
export const XWING = suite(2, "x-wing", xWingKem, 1120, 1216);
export const SUITES: readonly Suite[] = [X25519, XWING];
export const DEFAULT_SUITE = XWING;

export const suiteOf = (byte: number): Suite | undefined => SUITES.find((one) => one.byte === byte);
export const suiteNamed = (name: unknown): Suite | undefined => SUITES.find((one) => one.name === name);
export const sealedBytes = (one: Suite, size: number): number => one.encBytes + size + TAG_BYTES;

export interface PublicKey {
  readonly suite: Suite;
  readonly raw: Bytes;
  /** 16 bytes */
  readonly kid: Bytes;
}

export interface OpeningKey {
  readonly suite: Suite;
  readonly kid: Bytes;
  readonly public: PublicKey;
  readonly secret: CryptoKey;
}

/** 16 bytes; `kind` is the suite byte, or 0xed for a signing key. */
export const keyId = (kind: number, raw: Uint8Array): Bytes =>
  bytes(sha256(concat(label("kid"), Uint8Array.of(kind), raw))).slice(0, 16);

/** A key to seal to. Throws KeyRefused. */
export async function publicKey(one: Suite, raw: Bytes): Promise<PublicKey> {
  if (raw.length !== one.publicBytes) throw new KeyRefused("key");
  if (one === XWING && !isMlKem(raw.subarray(0, MLKEM_BYTES))) throw new KeyRefused("key");
  if (!(await isX25519(raw.slice(-32)))) throw new KeyRefused("key");
  return { suite: one, raw, kid: keyId(one.byte, raw) };
}

/** A private key from its seed of 32 bytes. Throws KeyRefused. */
export async function openingKey(one: Suite, seed: Bytes): Promise<OpeningKey> {
  if (seed.length !== SEED_BYTES) throw new KeyRefused("key");
  const { secret, raw } = one === XWING ? await fromXWingSeed(seed) : await fromX25519Seed(seed);
  const key = await publicKey(one, raw);
  return { suite: one, kid: key.kid, public: key, secret };
}

/** Single-shot HPKE, `enc ‖ ciphertext`. */
export async function encrypt(key: PublicKey, plaintext: Bytes, info: Bytes): Promise<Bytes> {
  const recipientPublicKey = await key.suite.hpke.kem.deserializePublicKey(key.raw.slice().buffer);
  const { enc, ct } = await key.suite.hpke.seal({ recipientPublicKey, info: info.buffer }, plaintext.slice().buffer);
  return concat(new Uint8Array(enc), new Uint8Array(ct));
}

/** What was sealed, or null: another key, another info, changed bytes. */
export async function decrypt(key: OpeningKey, sealed: Uint8Array, info: Bytes): Promise<Bytes | null> {
  const [enc, ct] = [sealed.slice(0, key.suite.encBytes), sealed.slice(key.suite.encBytes)];
  try {
    const opened = await key.suite.hpke.open(
      { recipientKey: key.secret, enc: bytes(enc).buffer, info: info.buffer },
      bytes(ct).buffer,
    );
    return new Uint8Array(opened);
  } catch {
    return null;
  }
}

async function fromXWingSeed(seed: Bytes): Promise<{ secret: CryptoKey; raw: Bytes }> {
  const pair = await xWingKem.generateKeyPairDerand(seed.slice());
  return { secret: pair.privateKey, raw: new Uint8Array(await xWingKem.serializePublicKey(pair.publicKey)) };
}

async function fromX25519Seed(seed: Bytes): Promise<{ secret: CryptoKey; raw: Bytes }> {
  const algorithm = { name: "X25519" };
  const secret = await crypto.subtle.importKey("pkcs8", concat(X25519_PKCS8, seed), algorithm, false, ["deriveBits"]);
  const base = await crypto.subtle.importKey("raw", X25519_BASE, algorithm, true, []);
  return { secret, raw: bytes(await crypto.subtle.deriveBits({ name: "X25519", public: base }, secret, 256)) };
}

/** FIPS 203, 7.2: 768 numbers of 12 bits, each below the prime. */
function isMlKem(raw: Uint8Array): boolean {
  for (let at = 0; at < MLKEM_BYTES - 32; at += 3) {
    const first = raw[at]! | ((raw[at + 1]! & 15) << 8);
    const second = (raw[at + 1]! >> 4) | (raw[at + 2]! << 4);
    if (first >= MLKEM_PRIME || second >= MLKEM_PRIME) return false;
  }
  return true;
}

/** Whether an exchange with it gives anything but zeros: points of small order do not. */
async function isX25519(raw: Bytes): Promise<boolean> {
  try {
    const point = await crypto.subtle.importKey("raw", raw, { name: "X25519" }, true, []);
    const pair = (await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"])) as CryptoKeyPair;
    const shared = await crypto.subtle.deriveBits({ name: "X25519", public: point }, pair.privateKey, 256);
    return new Uint8Array(shared).some((byte) => byte !== 0);
  } catch {
    return false;
  }
}

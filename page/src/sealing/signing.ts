/** Ed25519 (RFC 8032): the server that accepts notes signs them, an agency's admin signs its desk. */
import { bytes, concat, type Bytes, unbase64url } from "./bytes";
import { KeyRefused } from "./errors";
import { keyId } from "./suites";

export const ED25519 = 0xed;
const PKCS8 = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32);

export interface VerifyKey {
  readonly raw: Bytes;
  readonly kid: Bytes;
}

/** Throws KeyRefused. */
export function verifyKey(raw: Bytes): VerifyKey {
  if (raw.length !== 32) throw new KeyRefused("key");
  return { raw, kid: keyId(ED25519, raw) };
}

export async function verifies(key: VerifyKey, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    const imported = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signature, message);
  } catch {
    return false;
  }
}

/** The public half of a seed of 32 bytes. Throws KeyRefused. */
export async function verifyKeyOfSeed(seed: Bytes): Promise<VerifyKey> {
  if (seed.length !== 32) throw new KeyRefused("key");
  const secret = await crypto.subtle.importKey("pkcs8", concat(PKCS8, seed), { name: "Ed25519" }, true, ["sign"]);
  const raw = unbase64url((await crypto.subtle.exportKey("jwk", secret)).x);
  return verifyKey(bytes(raw ?? new Uint8Array()));
}

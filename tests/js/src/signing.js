/** Ed25519: the server that accepts notes signs them, an agency's admin signs its desk. */
import { KeyRefused } from "./errors.js";
import { keyId } from "./suites.js";
import { concat } from "./bytes.js";

export const ED25519 = 0xed;
const PKCS8 = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32);

/** `{ raw, kid }`. Throws KeyRefused. */
export function verifyKey(raw) {
  if (raw.length !== 32) throw new KeyRefused("key");
  return { raw, kid: keyId(ED25519, raw) };
}

export async function verifies(key, signature, message) {
  try {
    const imported = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signature, message);
  } catch {
    return false;
  }
}

/** The public half of a seed of 32 bytes. Throws KeyRefused. */
export async function verifyKeyOfSeed(seed) {
  if (seed.length !== 32) throw new KeyRefused("key");
  const secret = await crypto.subtle.importKey("pkcs8", concat(PKCS8, seed), { name: "Ed25519" }, true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", secret);
  return verifyKey(Uint8Array.from(atob(x.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0)));
}

/** Seal a note to its recipients. Needs public keys only, and keeps nothing that could open it again. */
import { bytes, type Bytes, hex, random } from "./bytes";
import { aes, bodyKey, buildEnvelope, commitment, DEK_BYTES, headerHash, MOST_RECIPIENTS, NONCE_BYTES, wrapInfo } from "./envelope";
import { CannotSeal } from "./errors";
import { type Header, isHeader } from "./header";
import { MOST, pad } from "./padding";
import { DEFAULT_SUITE, encrypt, type PublicKey, type Suite } from "./suites";

/**
 * An envelope, for a server to sign.
 *
 * `text`: 0 to 16,380 bytes; `recipients`: 1 to 32 different public keys of `suite`.
 * Throws CannotSeal, or RangeError for a header outside its ranges.
 */
export async function seal(
  text: Bytes,
  header: Header,
  recipients: readonly PublicKey[],
  suite: Suite = DEFAULT_SUITE,
): Promise<Bytes> {
  if (!isHeader(header)) throw new RangeError("header");
  if (text.length > MOST) throw new CannotSeal("length");
  if (recipients.length < 1 || recipients.length > MOST_RECIPIENTS) throw new CannotSeal("recipients");
  if (new Set(recipients.map(({ kid }) => hex(kid))).size !== recipients.length) throw new CannotSeal("recipients");
  if (recipients.some((key) => key.suite !== suite)) throw new CannotSeal("suite");
  const hh = headerHash(suite, header);
  const [dek, nonce] = [random(DEK_BYTES), random(NONCE_BYTES)];
  const stanzas = [];
  for (const key of recipients) stanzas.push({ kid: key.kid, wrapped: await encrypt(key, dek, wrapInfo(hh, key.kid)) });
  const how = { name: "AES-GCM", iv: nonce, additionalData: hh };
  const body = bytes(await crypto.subtle.encrypt(how, await aes(bodyKey(dek, hh), "encrypt"), pad(text)));
  return buildEnvelope({ suite, header, commit: commitment(dek, hh), stanzas, nonce, body });
}

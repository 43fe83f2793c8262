/** Seal a note to its recipients. Needs public keys only, and keeps nothing that could open it again. */
import { bytes, type Bytes, hex, random } from "./bytes";
import { aes, bodyKey, buildEnvelope, commitment, DEK_BYTES, headerHash, MOST_RECIPIENTS, NONCE_BYTES, type Sealed, wrapInfo } from "./envelope";
import { CannotSeal } from "./errors";
import { type Header, isHeader } from "./header";
import { MOST, NOTE_SIZES, pad } from "./padding";
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
  demandRecipients(recipients, suite);
  const hh = headerHash(suite, header);
  return buildEnvelope({ suite, header, ...(await sealedTo(pad(text, NOTE_SIZES), hh, recipients)) });
}

/** What is the same for a note and an attachment: a padded text under a key of its own, which is wrapped for each recipient. */
export async function sealedTo(padded: Bytes, hh: Bytes, recipients: readonly PublicKey[]): Promise<Omit<Sealed, "suite">> {
  const [dek, nonce] = [random(DEK_BYTES), random(NONCE_BYTES)];
  const stanzas = [];
  for (const key of recipients) stanzas.push({ kid: key.kid, wrapped: await encrypt(key, dek, wrapInfo(hh, key.kid)) });
  const how = { name: "AES-GCM", iv: nonce, additionalData: hh };
  const body = bytes(await crypto.subtle.encrypt(how, await aes(bodyKey(dek, hh), "encrypt"), padded));
  return { commit: commitment(dek, hh), stanzas, nonce, body };
}

/** Throws CannotSeal: `recipients` or `suite`. */
export function demandRecipients(recipients: readonly PublicKey[], suite: Suite): void {
  if (recipients.length < 1 || recipients.length > MOST_RECIPIENTS) throw new CannotSeal("recipients");
  if (new Set(recipients.map(({ kid }) => hex(kid))).size !== recipients.length) throw new CannotSeal("recipients");
  if (recipients.some((key) => key.suite !== suite)) throw new CannotSeal("suite");
}

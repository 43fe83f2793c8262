/** Seal a note to its recipients. Needs public keys only, and keeps nothing that could open it again. */
import { hex } from "./bytes.js";
import { aes, bodyKey, buildEnvelope, commitment, DEK_BYTES, headerHash, MOST_RECIPIENTS } from "./envelope.js";
import { NONCE_BYTES, wrapInfo } from "./envelope.js";
import { CannotSeal } from "./errors.js";
import { isHeader } from "./header.js";
import { MOST, pad } from "./padding.js";
import { DEFAULT_SUITE, encrypt } from "./suites.js";

/**
 * ENVELOPE v1, for a server to sign.
 *
 * `text`: 0 to 16,380 bytes; `header`: as in header.js; `recipients`: 1 to 32 different public keys of `suite`.
 * Throws CannotSeal, or RangeError for a header outside its ranges.
 */
export async function seal(text, header, recipients, suite = DEFAULT_SUITE) {
  if (!isHeader(header)) throw new RangeError("header");
  if (text.length > MOST) throw new CannotSeal("length");
  if (recipients.length < 1 || recipients.length > MOST_RECIPIENTS) throw new CannotSeal("recipients");
  if (new Set(recipients.map(({ kid }) => hex(kid))).size !== recipients.length) throw new CannotSeal("recipients");
  if (recipients.some((key) => key.suite !== suite)) throw new CannotSeal("suite");
  const hh = headerHash(suite, header);
  const dek = crypto.getRandomValues(new Uint8Array(DEK_BYTES));
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const stanzas = [];
  for (const key of recipients) {
    stanzas.push({ kid: key.kid, wrapped: await encrypt(key, dek, wrapInfo(hh, key.kid)) });
  }
  const how = { name: "AES-GCM", iv: nonce, additionalData: hh };
  const body = await crypto.subtle.encrypt(how, await aes(bodyKey(dek, hh), "encrypt"), pad(text));
  return buildEnvelope({ suite, header, commit: commitment(dek, hh), stanzas, nonce, body: new Uint8Array(body) });
}

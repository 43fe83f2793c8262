/** ENVELOPE v1, taken apart and put together; needs and knows no private key. */
import { expand } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { ascii, concat, Cursor, hex, label, lp, Malformed } from "./bytes.js";
import { NoteUnreadable } from "./errors.js";
import { headerBytes, parseHeader } from "./header.js";
import { BUCKETS } from "./padding.js";
import { sealedBytes, suiteOf } from "./suites.js";

const MAGIC = ascii("INE1");
export const DEK_BYTES = 32;
export const NONCE_BYTES = 12;
export const MOST_RECIPIENTS = 32;

/** The bytes of `{ suite, header, commit, stanzas: [{ kid, wrapped }], nonce, body }`. */
export function buildEnvelope(envelope) {
  return concat(
    MAGIC,
    Uint8Array.of(envelope.suite.byte),
    lp(headerBytes(envelope.header)),
    envelope.commit,
    Uint8Array.of(envelope.stanzas.length),
    ...envelope.stanzas.map(({ kid, wrapped }) => concat(kid, lp(wrapped))),
    envelope.nonce,
    envelope.body,
  );
}

/** Throws NoteUnreadable: `suite` or `format`. */
export function parseEnvelope(bytes) {
  try {
    return takenApart(new Cursor(bytes));
  } catch (error) {
    if (error instanceof Malformed) throw new NoteUnreadable("format");
    throw error;
  }
}

function takenApart(cursor) {
  if (hex(cursor.take(MAGIC.length)) !== hex(MAGIC)) throw new Malformed("magic");
  const suite = suiteOf(cursor.take(1)[0]);
  if (!suite) throw new NoteUnreadable("suite");
  const header = parseHeader(cursor.lp());
  const commit = cursor.take(32);
  const count = cursor.take(1)[0];
  if (count < 1 || count > MOST_RECIPIENTS) throw new Malformed("count");
  const stanzas = Array.from({ length: count }, () => ({ kid: cursor.take(16), wrapped: cursor.lp() }));
  if (new Set(stanzas.map(({ kid }) => hex(kid))).size !== count) throw new Malformed("a recipient twice");
  if (stanzas.some(({ wrapped }) => wrapped.length !== sealedBytes(suite, DEK_BYTES))) throw new Malformed("stanza");
  const nonce = cursor.take(NONCE_BYTES);
  const body = cursor.rest();
  if (!BUCKETS.includes(body.length - 16)) throw new Malformed("body");
  return { suite, header, commit, stanzas, nonce, body };
}

/** hh: what key, commitment, body and stanzas are bound to. */
export const headerHash = (suite, header) => sha256(concat(MAGIC, Uint8Array.of(suite.byte), headerBytes(header)));
export const bodyKey = (dek, hh) => expand(sha256, dek, concat(label("body"), hh), 32);
export const commitment = (dek, hh) => expand(sha256, dek, concat(label("commit"), hh), 32);
export const wrapInfo = (hh, kid) => concat(label("wrap"), hh, kid);

/** The key that opens and seals bodies, for this note alone. */
export function aes(key, use) {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, [use]);
}

/** What notes and attachments have in common: keys, commitment, stanzas and body. Knows no private key. */
import { expand } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { bytes, type Bytes, concat, Cursor, hex, label, lp, Malformed, same, utf8 } from "./bytes";
import { NoteUnreadable } from "./errors";
import { type Header, headerBytes, parseHeader } from "./header";
import { NOTE_SIZES } from "./padding";
import { type OpeningKey, decrypt, sealedBytes, type Suite, suiteOf } from "./suites";

const NOTE_MAGIC = utf8("INE1");
export const DEK_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
export const MOST_RECIPIENTS = 32;

export interface Stanza {
  readonly kid: Bytes;
  readonly wrapped: Bytes;
}

export interface Sealed {
  readonly suite: Suite;
  readonly commit: Bytes;
  readonly stanzas: readonly Stanza[];
  readonly nonce: Bytes;
  readonly body: Bytes;
}

export interface Envelope extends Sealed {
  readonly header: Header;
}

export const buildEnvelope = (envelope: Envelope): Bytes => putTogether(envelope, NOTE_MAGIC, headerBytes(envelope.header));

/** An envelope of either kind. */
export const putTogether = (sealed: Sealed, magic: Bytes, inside: Bytes): Bytes =>
  concat(
    magic,
    Uint8Array.of(sealed.suite.byte),
    lp(inside),
    sealed.commit,
    Uint8Array.of(sealed.stanzas.length),
    ...sealed.stanzas.map(({ kid, wrapped }) => concat(kid, lp(wrapped))),
    sealed.nonce,
    sealed.body,
  );

/** Throws NoteUnreadable: `suite` or `format`. */
export function parseEnvelope(raw: Uint8Array): Envelope {
  return orFormat(() => {
    const { inside, ...sealed } = takenApart(new Cursor(raw), NOTE_MAGIC, NOTE_SIZES, parseHeader);
    return { ...sealed, header: inside };
  });
}

/** An envelope of either kind. Throws Malformed, or NoteUnreadable: `suite`. */
export function takenApart<Inside>(
  cursor: Cursor,
  magic: Bytes,
  sizes: readonly number[],
  inside: (raw: Uint8Array) => Inside,
): Sealed & { readonly inside: Inside } {
  if (!same(cursor.take(magic.length), magic)) throw new Malformed("magic");
  const suite = suiteOf(cursor.byte());
  if (!suite) throw new NoteUnreadable("suite");
  const found = inside(cursor.lp());
  const commit = cursor.take(32);
  const count = cursor.byte();
  if (count < 1 || count > MOST_RECIPIENTS) throw new Malformed("count");
  const stanzas = Array.from({ length: count }, () => ({ kid: cursor.take(16), wrapped: cursor.lp() }));
  if (new Set(stanzas.map(({ kid }) => hex(kid))).size !== count) throw new Malformed("a recipient twice");
  if (stanzas.some(({ wrapped }) => wrapped.length !== sealedBytes(suite, DEK_BYTES))) throw new Malformed("stanza");
  const nonce = cursor.take(NONCE_BYTES);
  const body = cursor.rest();
  if (!sizes.includes(body.length - TAG_BYTES)) throw new Malformed("body");
  return { suite, inside: found, commit, stanzas, nonce, body };
}

/** Throws NoteUnreadable: `format` in place of Malformed. */
export function orFormat<Found>(parse: () => Found): Found {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Malformed) throw new NoteUnreadable("format");
    throw error;
  }
}

/** hh: what key, commitment, body and stanzas are bound to. */
export const headerHash = (suite: Suite, header: Header): Bytes =>
  bytes(sha256(concat(NOTE_MAGIC, Uint8Array.of(suite.byte), headerBytes(header))));

export const bodyKey = (dek: Bytes, hh: Bytes): Bytes => bytes(expand(sha256, dek, concat(label("body"), hh), 32));
export const commitment = (dek: Bytes, hh: Bytes): Bytes => bytes(expand(sha256, dek, concat(label("commit"), hh), 32));
export const wrapInfo = (hh: Bytes, kid: Bytes): Bytes => concat(label("wrap"), hh, kid);

export const signedPart = ({ commit, nonce, body }: Sealed, hh: Bytes): Bytes =>
  concat(label("ingest"), bytes(sha256(concat(hh, commit, nonce, body))));

/** AES-256-GCM under a key that is used here and nowhere else. */
export const aes = (key: Bytes, use: "encrypt" | "decrypt"): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", key, "AES-GCM", false, [use]);

/** The padded text. Throws NoteUnreadable: `suite`, `recipient`, `tag`, `commit`, `tag`. */
export async function unlocked(sealed: Sealed, hh: Bytes, key: OpeningKey): Promise<Bytes> {
  if (sealed.suite !== key.suite) throw new NoteUnreadable("suite");
  const stanza = sealed.stanzas.find(({ kid }) => same(kid, key.kid));
  if (!stanza) throw new NoteUnreadable("recipient");
  const dek = await decrypt(key, stanza.wrapped, wrapInfo(hh, key.kid));
  if (!dek) throw new NoteUnreadable("tag");
  if (!same(commitment(dek, hh), sealed.commit)) throw new NoteUnreadable("commit");
  const how = { name: "AES-GCM", iv: sealed.nonce, additionalData: hh };
  try {
    return bytes(await crypto.subtle.decrypt(how, await aes(bodyKey(dek, hh), "decrypt"), sealed.body));
  } catch {
    throw new NoteUnreadable("tag");
  }
}

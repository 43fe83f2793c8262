/** Open a record, in the order of the table in docs/formats/sealed-note.md. */
import { sha256 } from "@noble/hashes/sha2.js";

import { concat, Cursor, hex, label, Malformed, sameBytes } from "./bytes.js";
import { aes, bodyKey, commitment, headerHash, parseEnvelope, wrapInfo } from "./envelope.js";
import { NoteUnreadable } from "./errors.js";
import { headerBytes, isHeader } from "./header.js";
import { unpad } from "./padding.js";
import { verifies } from "./signing.js";
import { decrypt } from "./suites.js";

const VERSION = 1;

/**
 * `{ text, header }` of a record, or NoteUnreadable.
 *
 * `key`: an opening key; `expected`: `{ agencyRef, noteId, flagLevel, schemaVersion, channel }` from what the reader
 * trusts, never from the note; `ingestKeys`: of every server whose notes are believed.
 */
export async function openNote(record, key, expected, ingestKeys) {
  const { signerKid, signature, envelope } = parseRecord(record);
  const hh = headerHash(envelope.suite, envelope.header);
  const signer = ingestKeys.find(({ kid }) => sameBytes(kid, signerKid));
  if (!signer || !(await verifies(signer, signature, signedPart(envelope, hh)))) throw new NoteUnreadable("signature");
  if (!belongs(envelope.header, expected)) throw new NoteUnreadable("header");
  if (envelope.suite !== key.suite) throw new NoteUnreadable("suite");
  const stanza = envelope.stanzas.find(({ kid }) => sameBytes(kid, key.kid));
  if (!stanza) throw new NoteUnreadable("recipient");
  const dek = await decrypt(key, stanza.wrapped, wrapInfo(hh, key.kid));
  if (!dek) throw new NoteUnreadable("tag");
  if (!sameBytes(commitment(dek, hh), envelope.commit)) throw new NoteUnreadable("commit");
  return { text: unpadded(await opened(envelope, bodyKey(dek, hh), hh)), header: envelope.header };
}

/** `{ signerKid, signature, envelope }`; nothing in it is to be believed yet. */
export function parseRecord(record) {
  const cursor = new Cursor(record);
  try {
    if (cursor.take(1)[0] !== VERSION) throw new Malformed("version");
    const [signerKid, signature] = [cursor.take(16), cursor.take(64)];
    return { signerKid, signature, envelope: parseEnvelope(cursor.rest()) };
  } catch (error) {
    if (error instanceof Malformed) throw new NoteUnreadable("format");
    throw error;
  }
}

function signedPart({ commit, nonce, body }, hh) {
  return concat(label("ingest"), sha256(concat(hh, commit, nonce, body)));
}

function belongs(found, expected) {
  const rebuilt = { ...expected, authorRef: found.authorRef, hour: found.hour };
  return isHeader(rebuilt) && hex(headerBytes(rebuilt)) === hex(headerBytes(found));
}

async function opened({ nonce, body }, key, hh) {
  const how = { name: "AES-GCM", iv: nonce, additionalData: hh };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(how, await aes(key, "decrypt"), body));
  } catch {
    throw new NoteUnreadable("tag");
  }
}

function unpadded(padded) {
  try {
    return unpad(padded);
  } catch (error) {
    if (error instanceof Malformed) throw new NoteUnreadable("padding");
    throw error;
  }
}

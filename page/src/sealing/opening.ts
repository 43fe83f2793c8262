/** Open a record, in the order of the table in docs/formats/sealed-note.md. */
import { type Bytes, Cursor, hex, Malformed, same } from "./bytes";
import { type Envelope, headerHash, orFormat, parseEnvelope, type Sealed, signedPart, unlocked } from "./envelope";
import { NoteUnreadable } from "./errors";
import { type Header, headerBytes, isHeader, type Place } from "./header";
import { NOTE_SIZES, unpad } from "./padding";
import { verifies, type VerifyKey } from "./signing";
import type { OpeningKey } from "./suites";

const VERSION = 1;

/**
 * Text and header of a record.
 *
 * `expected` comes from what the reader trusts, never from the note; `ingestKeys`: of every server whose notes are
 * believed. Throws NoteUnreadable.
 */
export async function openNote(
  record: Bytes,
  key: OpeningKey,
  expected: Place,
  ingestKeys: readonly VerifyKey[],
): Promise<{ text: Bytes; header: Header }> {
  const { signerKid, signature, envelope } = parseRecord(record, parseEnvelope);
  const hh = headerHash(envelope.suite, envelope.header);
  await demandSigned(ingestKeys, signerKid, signature, envelope, hh);
  if (!belongs(envelope.header, expected)) throw new NoteUnreadable("header");
  return { text: unpadded(await unlocked(envelope, hh, key), NOTE_SIZES), header: envelope.header };
}

/** The parts of a record; nothing in it is to be believed yet. Throws NoteUnreadable: `format` or `suite`. */
export function parseRecord<Inside>(
  record: Bytes,
  parse: (raw: Uint8Array) => Inside,
): { signerKid: Bytes; signature: Bytes; envelope: Inside } {
  return orFormat(() => {
    const cursor = new Cursor(record);
    if (cursor.byte() !== VERSION) throw new Malformed("version");
    const [signerKid, signature] = [cursor.take(16), cursor.take(64)];
    return { signerKid, signature, envelope: parse(cursor.rest()) };
  });
}

/** Throws NoteUnreadable: `signature`. */
export async function demandSigned(
  ingestKeys: readonly VerifyKey[],
  signerKid: Bytes,
  signature: Bytes,
  sealed: Sealed,
  hh: Bytes,
): Promise<void> {
  const signer = ingestKeys.find(({ kid }) => same(kid, signerKid));
  if (!signer || !(await verifies(signer, signature, signedPart(sealed, hh)))) throw new NoteUnreadable("signature");
}

/** Throws NoteUnreadable: `padding`. */
export function unpadded(padded: Bytes, sizes: readonly number[]): Bytes {
  try {
    return unpad(padded, sizes);
  } catch (error) {
    if (error instanceof Malformed) throw new NoteUnreadable("padding");
    throw error;
  }
}

function belongs(found: Envelope["header"], expected: Place): boolean {
  const rebuilt = { ...expected, authorRef: found.authorRef, hour: found.hour };
  return isHeader(rebuilt) && hex(headerBytes(rebuilt)) === hex(headerBytes(found));
}

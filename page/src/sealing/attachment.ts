/** Open a photo or voice message, see docs/formats/sealed-attachment.md. */
import { sha256 } from "@noble/hashes/sha2.js";

import { bytes, type Bytes, concat, Cursor, hex, lp, Malformed, same, utf8 } from "./bytes";
import { orFormat, takenApart, unlocked } from "./envelope";
import { NoteUnreadable } from "./errors";
import { demandSigned, parseRecord, unpadded } from "./opening";
import { ATTACHMENT_SIZES } from "./padding";
import type { VerifyKey } from "./signing";
import type { OpeningKey } from "./suites";

const MAGIC = utf8("INA1");
const SALT_BYTES = 32;

export interface AttachmentPlace {
  readonly agencyRef: Bytes;
  readonly noteId: Bytes;
  /** 1 to 255 */
  readonly number: number;
}

/** Content, and the digest to be compared with what the note says. Throws NoteUnreadable. */
export async function openAttachment(
  record: Bytes,
  key: OpeningKey,
  place: AttachmentPlace,
  ingestKeys: readonly VerifyKey[],
): Promise<{ content: Bytes; digest: string }> {
  const { signerKid, signature, envelope } = parseRecord(record, (raw) =>
    orFormat(() => takenApart(new Cursor(raw), MAGIC, ATTACHMENT_SIZES, checkedPlace)),
  );
  const hh = bytes(sha256(concat(MAGIC, Uint8Array.of(envelope.suite.byte), envelope.inside)));
  await demandSigned(ingestKeys, signerKid, signature, envelope, hh);
  if (!same(envelope.inside, placeBytes(place))) throw new NoteUnreadable("header");
  const text = unpadded(await unlocked(envelope, hh, key), ATTACHMENT_SIZES);
  if (text.length < SALT_BYTES) throw new NoteUnreadable("padding");
  return { content: text.slice(SALT_BYTES), digest: hex(sha256(text)) };
}

const placeBytes = ({ agencyRef, noteId, number }: AttachmentPlace): Bytes =>
  concat(lp(agencyRef), lp(noteId), lp(Uint8Array.of(number)));

function checkedPlace(raw: Uint8Array): Bytes {
  const cursor = new Cursor(raw);
  const [agencyRef, noteId, number] = [cursor.lp(), cursor.lp(), cursor.lp()];
  cursor.end();
  const right = agencyRef.length === 16 && noteId.length === 16 && number.length === 1 && number[0] !== 0;
  if (!right) throw new Malformed("place");
  return bytes(raw);
}

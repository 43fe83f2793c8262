/** Seal and open a photo or voice message, see docs/formats/sealed-attachment.md. */
import { sha256 } from "@noble/hashes/sha2.js";

import { bytes, type Bytes, concat, Cursor, hex, lp, Malformed, random, same, utf8 } from "./bytes";
import { orFormat, putTogether, takenApart, unlocked } from "./envelope";
import { CannotSeal, NoteUnreadable } from "./errors";
import { demandSigned, parseRecord, unpadded } from "./opening";
import { ATTACHMENT_SIZES, pad } from "./padding";
import { demandRecipients, sealedTo } from "./seal";
import type { VerifyKey } from "./signing";
import type { OpeningKey, PublicKey, Suite } from "./suites";

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
  const hh = headerHash(envelope.suite, envelope.inside);
  await demandSigned(ingestKeys, signerKid, signature, envelope, hh);
  if (!same(envelope.inside, placeBytes(place))) throw new NoteUnreadable("header");
  const text = unpadded(await unlocked(envelope, hh, key), ATTACHMENT_SIZES);
  if (text.length < SALT_BYTES) throw new NoteUnreadable("padding");
  return { content: text.slice(SALT_BYTES), digest: hex(sha256(text)) };
}

/** Bytes of content. */
export const MOST_CONTENT = 5_000_000;

/**
 * An envelope for a server to sign, and the digest by which the note names it: over a salt as well, which confirms no guess.
 *
 * Throws CannotSeal.
 */
export async function sealAttachment(
  content: Bytes,
  place: AttachmentPlace,
  recipients: readonly PublicKey[],
  suite: Suite,
): Promise<{ envelope: Bytes; digest: string }> {
  if (content.length > MOST_CONTENT) throw new CannotSeal("length");
  demandRecipients(recipients, suite);
  const inside = placeBytes(place);
  const salted = concat(random(SALT_BYTES), content);
  const sealed = await sealedTo(pad(salted, ATTACHMENT_SIZES), headerHash(suite, inside), recipients);
  return { envelope: putTogether({ suite, ...sealed }, MAGIC, inside), digest: hex(sha256(salted)) };
}

const headerHash = (suite: Suite, inside: Bytes): Bytes => bytes(sha256(concat(MAGIC, Uint8Array.of(suite.byte), inside)));

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

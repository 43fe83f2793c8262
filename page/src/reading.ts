/** Open what the server gave out: notes in order, and what is attached to them. */
import { api, type Given, type NoteRecord } from "./api";
import { PARTS, type Part } from "./note/draft";
import { openAttachment } from "./sealing/attachment";
import { fromUtf8, unbase64url, unhex } from "./sealing/bytes";
import { Refused } from "./sealing/errors";
import { openNote } from "./sealing/opening";
import type { VerifyKey } from "./sealing/signing";
import { isObject } from "./sealing/texts";
import type { OpeningKey } from "./sealing/suites";

export interface Attached {
  readonly number: number;
  readonly kind: string;
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
  readonly ticket: string | null;
}

export interface Body {
  readonly reference: string;
  readonly agency: string;
  readonly caseCode: string | null;
  readonly type: string;
  readonly occurredAt: string | null;
  readonly precision: string | null;
  readonly recordedAt: string;
  readonly author: { readonly handle: string; readonly role: string };
  readonly urgency: string;
  readonly flagReason: string | null;
  readonly parts: readonly (readonly [Part, string])[];
  /** What case systems get that do not get everything. */
  readonly summary: string | null;
  readonly attachments: readonly Attached[];
  /** Numbers that are kept but the note does not list. */
  readonly unlisted: readonly number[];
}

/** A note or an amendment; `problem` says why there is no body. */
export interface Opened {
  readonly record: NoteRecord;
  readonly body: Body | null;
  readonly problem: string;
}

export async function openAll(given: Given, key: OpeningKey, trusted: readonly VerifyKey[]): Promise<Opened[]> {
  const opened: Opened[] = [];
  for (const record of given.notes) {
    try {
      opened.push({ record, body: await openOne(record, key, trusted), problem: record.record === null ? "withdrawn" : "" });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      opened.push({ record, body: null, problem: error.code });
    }
  }
  return opened;
}

async function openOne(record: NoteRecord, key: OpeningKey, trusted: readonly VerifyKey[]): Promise<Body | null> {
  if (record.record === null) return null;
  const place = {
    agencyRef: unhex(record.agency_ref, 16)!,
    noteId: unhex(record.note_id, 16)!,
    flagLevel: record.flag_level,
    schemaVersion: record.schema_version,
    channel: record.channel,
  };
  const raw = unbase64url(record.record);
  if (raw === null) throw new Refused("format");
  const { text } = await openNote(raw, key, place, trusted);
  return bodyOf(fromUtf8(text), record);
}

/** Throws Refused: `content`; another schema, or another note's words. */
function bodyOf(text: string | null, record: NoteRecord): Body {
  let read: unknown;
  try {
    read = JSON.parse(text ?? "");
  } catch {
    throw new Refused("content");
  }
  if (!isObject(read) || read["schema"] !== 1 || read["note_id"] !== record.note_id) throw new Refused("content");
  if ((read["amends"] ?? null) !== record.amends) throw new Refused("content");
  const words = (name: string): string | null => (typeof read[name] === "string" ? (read[name] as string) : null);
  const [parts, author] = [read["parts"], read["author"]];
  if (!isObject(parts) || !isObject(author)) throw new Refused("content");
  const attachments = listed(read["attachments"], record);
  return {
    reference: record.reference,
    agency: words("agency") ?? "",
    caseCode: words("case_code"),
    type: words("type") ?? "other",
    occurredAt: words("occurred_at"),
    precision: words("occurred_precision"),
    recordedAt: words("recorded_at") ?? "",
    author: { handle: String(author["handle"] ?? ""), role: String(author["role"] ?? "") },
    urgency: words("urgency") ?? "routine",
    flagReason: words("flag_reason"),
    parts: PARTS.flatMap((part) => (typeof parts[part] === "string" ? [[part, parts[part] as string] as const] : [])),
    summary: words("summary"),
    attachments,
    unlisted: record.attachments.map(({ number }) => number).filter((number) => attachments.every((one) => one.number !== number)),
  };
}

function listed(list: unknown, record: NoteRecord): Attached[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map((one) => ({
    number: Number(one["number"]),
    kind: String(one["kind"]),
    mediaType: String(one["media_type"]),
    size: Number(one["size"]),
    digest: String(one["digest"]),
    ticket: record.attachments.find(({ number }) => number === one["number"])?.ticket ?? null,
  }));
}

const MEDIA_TYPES = ["image/jpeg", "audio/ogg"];

/** The content of an attachment. Throws Problem, or Refused: also `missing`, `swapped` and `content`. */
export async function attachmentOf(
  record: NoteRecord,
  attached: Attached,
  key: OpeningKey,
  trusted: readonly VerifyKey[],
  token: string,
): Promise<Blob> {
  if (attached.ticket === null) throw new Refused("missing");
  if (!MEDIA_TYPES.includes(attached.mediaType)) throw new Refused("content");
  const sealed = await api.attachment(record.note_id, attached.number, attached.ticket, token);
  const place = { agencyRef: unhex(record.agency_ref, 16)!, noteId: unhex(record.note_id, 16)!, number: attached.number };
  const { content, digest } = await openAttachment(sealed, key, place, trusted);
  if (digest !== attached.digest || content.length !== attached.size) throw new Refused("swapped");
  return new Blob([content], { type: attached.mediaType });
}

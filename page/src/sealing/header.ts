/** What a sealed note says about itself in clear. */
import { type Bytes, concat, Cursor, fromUtf8, lp, Malformed, utf8 } from "./bytes";
import { isDay } from "./texts";

const REF_BYTES = 16;
export type Channel = "chat" | "page";

/** What a reader knows of a note from elsewhere. */
export interface Place {
  readonly agencyRef: Bytes;
  readonly noteId: Bytes;
  readonly flagLevel: number;
  readonly schemaVersion: number;
  readonly channel: Channel;
}

export interface Header extends Place {
  readonly authorRef: Bytes;
  readonly hour: string;
}

/** Whether every field is in its range. */
export function isHeader(header: Header): boolean {
  return (
    [header.agencyRef, header.noteId, header.authorRef].every((ref) => ref.length === REF_BYTES) &&
    Number.isInteger(header.flagLevel) &&
    header.flagLevel >= 0 &&
    header.flagLevel <= 3 &&
    isHour(header.hour) &&
    Number.isInteger(header.schemaVersion) &&
    header.schemaVersion >= 1 &&
    header.schemaVersion <= 255 &&
    (header.channel === "chat" || header.channel === "page")
  );
}

/** The one byte form, without its outer length. */
export function headerBytes(header: Header): Bytes {
  const parts = [
    header.agencyRef,
    header.noteId,
    header.authorRef,
    Uint8Array.of(header.flagLevel),
    utf8(header.hour),
    Uint8Array.of(header.schemaVersion),
    utf8(header.channel),
  ];
  return concat(...parts.map(lp));
}

/** Throws Malformed. */
export function parseHeader(raw: Uint8Array): Header {
  const cursor = new Cursor(raw);
  const [agencyRef, noteId, authorRef] = [cursor.lp(), cursor.lp(), cursor.lp()];
  const [flag, hour, schema, channel] = [cursor.lp(), cursor.lp(), cursor.lp(), cursor.lp()];
  cursor.end();
  if (flag.length !== 1 || schema.length !== 1) throw new Malformed("header");
  const header: Header = {
    agencyRef,
    noteId,
    authorRef,
    flagLevel: flag[0]!,
    hour: fromUtf8(hour) ?? "",
    schemaVersion: schema[0]!,
    channel: fromUtf8(channel) as Channel,
  };
  if (!isHeader(header)) throw new Malformed("header");
  return header;
}

/** The hour of a moment, as it stands in headers. */
export const hourOf = (now: Date): string => `${now.toISOString().slice(0, 13)}Z`;

function isHour(text: string): boolean {
  return /^.{10}T([01][0-9]|2[0-3])Z$/.test(text) && isDay(text.slice(0, 10));
}

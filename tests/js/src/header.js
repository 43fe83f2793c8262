/** What a sealed note says about itself in clear. */
import { ascii, concat, Cursor, lp, Malformed, utf8 } from "./bytes.js";
import { isDay } from "./texts.js";

const REF_BYTES = 16;
const CHANNELS = ["chat", "page"];

/** `{ agencyRef, noteId, authorRef, flagLevel, hour, schemaVersion, channel }` in its ranges? */
export function isHeader(header) {
  return (
    [header.agencyRef, header.noteId, header.authorRef].every((ref) => ref.length === REF_BYTES) &&
    Number.isInteger(header.flagLevel) &&
    header.flagLevel >= 0 &&
    header.flagLevel <= 3 &&
    isHour(header.hour) &&
    Number.isInteger(header.schemaVersion) &&
    header.schemaVersion >= 1 &&
    header.schemaVersion <= 255 &&
    CHANNELS.includes(header.channel)
  );
}

/** The one byte form, without its outer length. */
export function headerBytes(header) {
  const parts = [
    header.agencyRef,
    header.noteId,
    header.authorRef,
    Uint8Array.of(header.flagLevel),
    ascii(header.hour),
    Uint8Array.of(header.schemaVersion),
    ascii(header.channel),
  ];
  return concat(...parts.map(lp));
}

/** Throws Malformed. */
export function parseHeader(bytes) {
  const cursor = new Cursor(bytes);
  const [agencyRef, noteId, authorRef, flag, hour, schema, channel] = Array.from({ length: 7 }, () => cursor.lp());
  cursor.end();
  if (flag.length !== 1 || schema.length !== 1) throw new Malformed("header");
  const header = {
    agencyRef,
    noteId,
    authorRef,
    flagLevel: flag[0],
    hour: utf8(hour),
    schemaVersion: schema[0],
    channel: utf8(channel),
  };
  if (!isHeader(header)) throw new Malformed("header");
  return header;
}

function isHour(text) {
  return typeof text === "string" && /^.{10}T([01][0-9]|2[0-3])Z$/.test(text) && isDay(text.slice(0, 10));
}

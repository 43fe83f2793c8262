/** A voice message without what its file says besides the sound, as bot/voice.py does it: Ogg with one Opus stream. */
import { type Bytes, same, utf8 } from "../sealing/bytes";

const HEADER_BYTES = 27;
const [FIRST, LAST] = [2, 4];
const [MAGIC, HEAD, TAGS] = [utf8("OggS"), utf8("OpusHead"), utf8("OpusTags")];
const NO_TAGS_BYTES = 16;

interface Page {
  readonly start: number;
  readonly flags: number;
  readonly serial: number;
  readonly lengths: Uint8Array;
  readonly body: number;
  readonly end: number;
}

/** As long as it was, with empty tags (RFC 7845, 5.2); null: no Ogg file of one Opus stream from its first to its last byte. */
export function cleanedVoice(raw: Bytes): Bytes | null {
  const pages = pagesOf(raw);
  if (pages === null || pages.length < 3 || !isOneStream(pages)) return null;
  const [head] = pages as [Page];
  if (!startsWith(raw, head.body, HEAD) || head.lengths.length !== 1 || head.end - head.body < 19) return null;
  const last = pages.findIndex((page, at) => at > 0 && packetEnds(page));
  if (last < 0) return null;
  const tags = pages.slice(1, last + 1);
  // The sound begins on a page of its own (RFC 7845, 3): the last of these pages ends with the tags.
  const alone = tags.every(({ lengths }) => lengths.subarray(0, -1).every((length) => length === 255));
  const length = tags.reduce((sum, { body, end }) => sum + end - body, 0);
  if (!alone || pages.length <= 1 + tags.length || !startsWith(raw, tags[0]!.body, TAGS) || length < NO_TAGS_BYTES) return null;
  const clean = raw.slice();
  tags.forEach((page, at) => {
    clean.fill(0, page.body, page.end);
    if (at === 0) clean.set(TAGS, page.body);
    clean.fill(0, page.start + 22, page.start + 26);
    new DataView(clean.buffer).setUint32(page.start + 22, checksum(clean.subarray(page.start, page.end)), true);
  });
  return clean;
}

const startsWith = (raw: Bytes, at: number, wanted: Bytes): boolean => same(raw.subarray(at, at + wanted.length), wanted);

/** Whether a packet ends on this page, so that it does not go on on the next one. */
const packetEnds = ({ lengths }: Page): boolean => lengths.some((length) => length < 255);

function pagesOf(raw: Bytes): Page[] | null {
  const [pages, view]: [Page[], DataView] = [[], new DataView(raw.buffer, raw.byteOffset, raw.length)];
  for (let at = 0; at < raw.length; ) {
    if (raw.length - at < HEADER_BYTES || !startsWith(raw, at, MAGIC) || raw[at + 4] !== 0) return null;
    const body = at + HEADER_BYTES + raw[at + 26]!;
    const lengths = raw.subarray(at + HEADER_BYTES, body);
    const end = body + lengths.reduce((sum, length) => sum + length, 0);
    if (body > raw.length || end > raw.length) return null;
    pages.push({ start: at, flags: raw[at + 5]!, serial: view.getUint32(at + 14, true), lengths, body, end });
    at = end;
  }
  return pages;
}

/** One stream from its first page to its last; others, before or after, could hold anything. */
const isOneStream = (pages: readonly Page[]): boolean =>
  pages.every(({ serial, flags }, at) => serial === pages[0]!.serial && Boolean(flags & FIRST) === (at === 0) && (at === pages.length - 1 || !(flags & LAST)));

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** Of an Ogg page whose own checksum is 0: CRC-32, polynomial 0x04c11db7, nothing reflected. */
function checksum(page: Uint8Array): number {
  let crc = 0;
  for (const byte of page) crc = ((crc << 8) ^ TABLE[((crc >>> 24) ^ byte) & 255]!) >>> 0;
  return crc;
}

/** Texts are padded to one of six sizes, so that a stored note tells its size class and no more. */
import { concat, Malformed, number, uint } from "./bytes.js";

export const BUCKETS = [512, 1024, 2048, 4096, 8192, 16384];
export const MOST = BUCKETS.at(-1) - 4;

const bucketFor = (length) => BUCKETS.find((size) => 4 + length <= size);

/** `text` of 0 to MOST bytes. */
export function pad(text) {
  const padded = new Uint8Array(bucketFor(text.length));
  padded.set(concat(uint(text.length, 4), text));
  return padded;
}

/** Throws Malformed: not the smallest size, or the fill is not all zeros. */
export function unpad(padded) {
  const length = number(padded.slice(0, 4));
  if (bucketFor(length) !== padded.length) throw new Malformed("size");
  if (padded.slice(4 + length).some((byte) => byte !== 0)) throw new Malformed("fill");
  return padded.slice(4, 4 + length);
}

/** Texts are padded to one of a few sizes, so that what is stored tells its size class and no more. */
import { type Bytes, Malformed, number, uint } from "./bytes";

export const NOTE_SIZES: readonly number[] = [512, 1024, 2048, 4096, 8192, 16384];
export const ATTACHMENT_SIZES: readonly number[] = [64, 128, 256, 512, 1024, 2048, 3072, 4096, 5120].map((k) => k * 1024);
export const MOST = 16384 - 4;

const sizeFor = (length: number, sizes: readonly number[]) => sizes.find((size) => 4 + length <= size);

/** `text` that the largest of these sizes holds. */
export function pad(text: Uint8Array, sizes: readonly number[]): Bytes {
  const padded = new Uint8Array(sizeFor(text.length, sizes)!);
  padded.set(uint(text.length, 4));
  padded.set(text, 4);
  return padded;
}

/** Throws Malformed: not the smallest size, or the fill is not all zeros. */
export function unpad(padded: Bytes, sizes: readonly number[]): Bytes {
  const length = number(padded.subarray(0, 4));
  if (sizeFor(length, sizes) !== padded.length) throw new Malformed("size");
  if (padded.subarray(4 + length).some((byte) => byte !== 0)) throw new Malformed("fill");
  return padded.slice(4, 4 + length);
}

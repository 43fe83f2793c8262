/** Bytes: put together, taken apart, compared, and their spellings in text. */

export type Bytes = Uint8Array<ArrayBuffer>;

export const bytes = (view: ArrayBuffer | Uint8Array): Bytes =>
  view instanceof Uint8Array ? (view as Bytes) : new Uint8Array(view);

export function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

/** Text of bytes that are UTF-8, or null; a byte order mark stays in the text. */
export function fromUtf8(raw: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return null;
  }
}

/** What the formats call L, in front of everything that is hashed, derived or signed. */
export const label = (word: string): Bytes => utf8(`integra/v1/${word}`);

export const hex = (raw: Uint8Array): string => Array.from(raw, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** `size` bytes from lower-case hexadecimal, or null. */
export function unhex(text: unknown, size: number): Bytes | null {
  if (typeof text !== "string" || text.length !== 2 * size || !/^[0-9a-f]*$/.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function base64(raw: Uint8Array): string {
  let text = "";
  for (let at = 0; at < raw.length; at += 8192) text += String.fromCharCode(...raw.subarray(at, at + 8192));
  return btoa(text);
}

export const base64url = (raw: Uint8Array): string =>
  base64(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const binary = (text: string): Bytes => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** The bytes of standard base64, padded, or null. */
export function unbase64(text: unknown): Bytes | null {
  if (typeof text !== "string" || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return binary(text);
}

/** The bytes that are spelled exactly so by `base64url`, or null. */
export function unbase64url(text: unknown): Bytes | null {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const raw = binary(text.replaceAll("-", "+").replaceAll("_", "/"));
  return base64url(raw) === text ? raw : null;
}

/** Big-endian, without sign. */
export function uint(value: number, size: number): Bytes {
  const raw = new Uint8Array(size);
  for (let at = size - 1; at >= 0; at -= 1) {
    raw[at] = value % 256;
    value = Math.floor(value / 256);
  }
  return raw;
}

export const number = (raw: Uint8Array): number => raw.reduce((value, byte) => value * 256 + byte, 0);

/** Length as u16, then the bytes. */
export const lp = (raw: Uint8Array): Bytes => concat(uint(raw.length, 2), raw);

export const random = (size: number): Bytes => crypto.getRandomValues(new Uint8Array(size));

/** For what is secret: takes the same time wherever the difference is. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let different = 0;
  for (let at = 0; at < one.length; at += 1) different |= one[at]! ^ other[at]!;
  return different === 0;
}

/** Raised while bytes are taken apart; each format turns it into an error of its own. */
export class Malformed extends Error {}

/** Takes bytes apart from front to back; never reads past their end. */
export class Cursor {
  private at = 0;

  constructor(private readonly whole: Uint8Array) {}

  take(size: number): Bytes {
    if (this.at + size > this.whole.length) throw new Malformed("too short");
    this.at += size;
    return new Uint8Array(this.whole.subarray(this.at - size, this.at));
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  lp(): Bytes {
    return this.take(number(this.take(2)));
  }

  rest(): Bytes {
    return this.take(this.whole.length - this.at);
  }

  end(): void {
    if (this.at !== this.whole.length) throw new Malformed("too long");
  }
}

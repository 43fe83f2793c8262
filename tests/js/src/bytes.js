/** Bytes: put together, taken apart, compared, and their spellings in text. */
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const concat = concatBytes;
export const hex = bytesToHex;
export const ascii = utf8ToBytes;

/** What the formats call L, in front of everything that is hashed, derived or signed. */
export const label = (word) => ascii(`integra/v1/${word}`);

/** Raised while bytes are taken apart; each format turns it into an error of its own. */
export class Malformed extends Error {}

/** `size` bytes from lower-case hexadecimal, or null. */
export function unhex(text, size) {
  const right = typeof text === "string" && text.length === 2 * size && /^[0-9a-f]*$/.test(text);
  return right ? hexToBytes(text) : null;
}

export function base64url(bytes) {
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The bytes that are spelled exactly so by `base64url`, or null. */
export function unbase64url(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return base64url(bytes) === text ? bytes : null;
}

export function uint(value, size) {
  const bytes = new Uint8Array(size);
  for (let at = size - 1; at >= 0; at -= 1) {
    bytes[at] = value % 256;
    value = Math.floor(value / 256);
  }
  return bytes;
}

export const number = (bytes) => bytes.reduce((value, byte) => value * 256 + byte, 0);

/** Length as u16, then the bytes. */
export const lp = (bytes) => concat(uint(bytes.length, 2), bytes);

/** For what is secret: takes the same time wherever the difference is. */
export function sameBytes(one, other) {
  if (one.length !== other.length) return false;
  let different = 0;
  for (let at = 0; at < one.length; at += 1) different |= one[at] ^ other[at];
  return different === 0;
}

/** Takes bytes apart from front to back; never reads past their end. */
export class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(size) {
    if (this.at + size > this.bytes.length) throw new Malformed("too short");
    this.at += size;
    return this.bytes.slice(this.at - size, this.at);
  }

  lp() {
    return this.take(number(this.take(2)));
  }

  rest() {
    return this.take(this.bytes.length - this.at);
  }

  end() {
    if (this.at !== this.bytes.length) throw new Malformed("too long");
  }
}

/** Text of bytes that are UTF-8, or null; a byte order mark stays in the text. */
export function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The short reference of a note, see docs/formats/note-body.md. */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** `K7QF-3M2D` of a note id of 32 hex digits. */
export function reference(noteId: string): string {
  const bits = BigInt(`0x${noteId}`) >> 93n;
  const values = Array.from({ length: 7 }, (_, at) => Number((bits >> BigInt(30 - 5 * at)) & 31n));
  const check = values.reduce((sum, value, place) => sum + (place + 2) * value, 0) % 31;
  const whole = [...values, check].map((value) => ALPHABET[value]).join("");
  return `${whole.slice(0, 4)}-${whole.slice(4)}`;
}

/** Days, labels and slugs, as the formats allow them. */

/** A real day of the years 1 to 9999, `2026-11-23`. */
export function isDay(text: unknown): text is string {
  if (typeof text !== "string" || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return false;
  const [year, month, day] = text.split("-").map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** 1 to 80 code points, none of them a control or format character, a separator other than the space, or unassigned. */
export function isLabel(text: unknown): text is string {
  return typeof text === "string" && /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,80}$/u.test(text);
}

/** 1 to 40 of a-z, 0-9 and hyphen, no hyphen at either end. */
export function isSlug(text: unknown): text is string {
  return typeof text === "string" && /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(text);
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** Today in UTC, `2026-11-23`. */
export const dayOf = (now: Date): string => now.toISOString().slice(0, 10);

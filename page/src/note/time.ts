/** Wall time of an agency's zone, and how it stands in notes. */

/** Minutes that the zone is ahead of UTC at this moment. */
function offsetOf(zone: string, at: Date): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)!.value);
  const wall = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return Math.round((wall - Math.floor(at.getTime() / 1000) * 1000) / 60_000);
}

const two = (value: number) => String(value).padStart(2, "0");

/** ISO 8601 with the zone's offset, whole seconds: `2026-11-23T13:00:00+01:00`. */
export function isoIn(zone: string, at: Date): string {
  const offset = offsetOf(zone, at);
  const wall = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, 19);
  const [sign, size] = [offset < 0 ? "-" : "+", Math.abs(offset)];
  return `${wall}${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** The moment that `2026-11-23` and `13:00` are on a clock there. */
export function momentIn(zone: string, day: string, clock: string): Date | null {
  const wall = Date.parse(`${day}T${clock}:00Z`);
  if (Number.isNaN(wall)) return null;
  let at = wall - offsetOf(zone, new Date(wall)) * 60_000;
  // Near a change of the clocks the first guess may be an hour off.
  at = wall - offsetOf(zone, new Date(at)) * 60_000;
  return new Date(at);
}

/** Day and clock there now, as date and time fields want them. */
export function wallIn(zone: string, at: Date): { day: string; clock: string } {
  const iso = isoIn(zone, at);
  return { day: iso.slice(0, 10), clock: iso.slice(11, 16) };
}

export const ISO_SECONDS = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

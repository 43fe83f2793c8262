/** What is known while the page is open, and gone when it is locked or left. Nothing here is written anywhere. */
import type { Agency, Config, Session } from "./api";
import type { OpeningKey } from "./sealing/suites";

/** A session with its token. */
export interface Live {
  readonly token: string;
  readonly session: Session;
}

export interface Person {
  readonly token: string;
  readonly author_ref: string;
  readonly handle: string;
  readonly language: string;
  readonly agencies: readonly Agency[];
}

interface Known {
  config: Config | null;
  author: Live | null;
  reader: Live | null;
  key: OpeningKey | null;
  /** Ids of admin keys that stood in the link from the chat. */
  named: readonly string[];
  /** Reference of the note to be shown as soon as a key is open; through every lock until then. */
  wanted: string | null;
  /** How far the server's clock is ahead of this device's. */
  aheadMs: number;
}

export const known: Known = { config: null, author: null, reader: null, key: null, named: [], wanted: null, aheadMs: 0 };

/** The time by the server's clock, for the device's may be wrong. */
export const now = (): Date => new Date(Date.now() + known.aheadMs);

export function began(live: Live): Live {
  known.aheadMs = Date.parse(live.session.now) - Date.now();
  // Seconds apart are the network's; a clock that is truly off is minutes off.
  if (Math.abs(known.aheadMs) < 60_000) known.aheadMs = 0;
  return live;
}

/** Whoever may write now: the author by link, or a reader whose key belongs to a person. */
export function person(): Person | null {
  for (const live of [known.author, known.reader]) {
    const who = live?.session.person;
    if (live && who) return { ...who, token: live.token, agencies: live.session.agencies.filter(({ writes }) => writes) };
  }
  return null;
}

/** Forgets everything that opens or shows something. */
export function forget(): void {
  Object.assign(known, { author: null, reader: null, key: null });
}

/** Sessions: by the one-time link, by Telegram, by a key. */
import { api, Problem } from "./api";
import { pins } from "./device";
import { base64url, hex, unbase64url } from "./sealing/bytes";
import { knownAnswers } from "./sealing/known";
import { answerTo } from "./sealing/login";
import { verifyKey, type VerifyKey } from "./sealing/signing";
import type { OpeningKey } from "./sealing/suites";
import { began, known } from "./state";

/** What the address brought: read once, and taken out of it at once. */
export interface Arrival {
  readonly link: string | null;
  readonly initData: string | null;
  readonly named: readonly string[];
  /** Reference of the note that a notice in the chat is about. */
  readonly note: string | null;
}

export function arrived(): Arrival {
  // Telegram puts its own behind a fragment that is there already, with ? or &.
  const fragment = new URLSearchParams(location.hash.slice(1).replaceAll("?", "&"));
  const named = (new URLSearchParams(location.search).get("pins") ?? "").split(".");
  history.replaceState(null, "", location.pathname);
  return {
    link: fragment.get("link"),
    initData: fragment.get("tgWebAppData"),
    named: named.filter((kid) => /^[0-9a-f]{32}$/.test(kid)),
    note: /^[0-9A-Z]{4}-[0-9A-Z]{4}$/.exec(fragment.get("note") ?? "")?.[0] ?? null,
  };
}

/** Throws Problem. */
export async function enter({ link, initData, named, note }: Arrival): Promise<void> {
  known.named = named;
  known.wanted = note;
  if (link === null && initData === null) return;
  const { token, ...session } = link !== null ? await api.byLink(link) : await api.byTelegram(initData!);
  known.author = began({ token: token!, session });
}

/**
 * A reader's session. With an author's session at hand the key is linked to that person, so that flags can be taken;
 * where that cannot be, the key logs in as what it is. Throws Problem.
 */
export async function loginWith(key: OpeningKey): Promise<void> {
  await knownAnswers();
  try {
    await answerWith(key, known.author?.token ?? null);
  } catch (error) {
    const linking = error instanceof Problem && known.author !== null && error.code !== "offline";
    if (!linking) throw error;
    await answerWith(key, null);
  }
  known.key = key;
}

/** Proves once more that the key is here, for what needs it fresh. Throws Problem. */
export async function stepUp(): Promise<void> {
  if (known.key && known.reader) await answerWith(known.key, known.reader.token);
}

async function answerWith(key: OpeningKey, token: string | null): Promise<void> {
  const challenge = await api.challenge(hex(key.kid));
  const answer = await answerTo(challenge, key, location.origin).catch(() => {
    throw new Problem("key-unknown");
  });
  const { token: fresh, ...session } = await api.answer(challenge.challenge_id, base64url(answer), token);
  const kept = fresh ?? (known.reader?.token === token ? token : null);
  if (kept) known.reader = began({ token: kept, session });
}

/** Says that somebody is at work here. Where a session is over or the server out of reach, what is done next tells so. */
export async function touch(): Promise<void> {
  for (const live of [known.author, known.reader]) if (live) await api.touch(live.token).catch(() => undefined);
}

export async function logout(): Promise<void> {
  for (const live of [known.author, known.reader]) if (live) await api.logout(live.token).catch(() => undefined);
}

/** Servers whose signature on notes this device believes; the first ever seen are taken, later ones are asked about. */
export async function serverKeys(given: readonly string[]): Promise<{ trusted: VerifyKey[]; unknown: VerifyKey[] }> {
  const keys = given.map(unbase64url).flatMap((raw) => (raw ? [verifyKey(raw)] : []));
  const seen = await pins.serverKeys();
  if (seen.length === 0) await takeServerKeys(keys);
  const believed = seen.length === 0 ? keys.map(({ kid }) => hex(kid)) : seen;
  return {
    trusted: keys.filter(({ kid }) => believed.includes(hex(kid))),
    unknown: keys.filter(({ kid }) => !believed.includes(hex(kid))),
  };
}

export async function takeServerKeys(keys: readonly VerifyKey[]): Promise<void> {
  const seen = await pins.serverKeys();
  await pins.keepServerKeys([...new Set([...seen, ...keys.map(({ kid }) => hex(kid))])]);
}

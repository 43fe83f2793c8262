/** What the server is asked, and how it answers: docs/formats/page-api.md, bot/serve/openapi.json. */
import type { DangerTold } from "./danger/told";

export type Urgency = "routine" | "today" | "urgent";
export type FlagState = "open" | "overdue" | "taken" | "closed" | "withdrawn";
export type Act = "take" | "cannot" | "work" | "await" | "hand-on" | "close" | "ask" | "undo";
export type Reason = "handling" | "break-glass" | "supervision" | "complaint" | "request" | "order" | "rehearsal";
export type Status = "flagged" | "open" | "mine" | "taken" | "closed" | "unflagged" | "all";

export interface Config {
  readonly origin: string;
  readonly languages: readonly string[];
  readonly bundle: { readonly sha256: string; readonly files: number } | null;
  readonly telegram: boolean;
  readonly session: { readonly idle_s: number; readonly whole_s: number; readonly step_up_s: number };
  readonly limits: { readonly note_units: number; readonly note_bytes: number; readonly summary_units: number; readonly words: number; readonly attachments: number; readonly attachment_bytes: number };
  readonly forms: {
    readonly kinds: readonly string[];
    readonly parts: readonly string[];
    readonly urgencies: readonly Urgency[];
    readonly flag_reasons: readonly string[];
    readonly outcomes: readonly string[];
    readonly awaited: readonly string[];
    readonly declined: readonly string[];
    readonly reasons: readonly Reason[];
  };
}

export interface DeskGiven {
  readonly manifest: string;
  readonly signature: string;
  readonly admin: string;
  readonly at_least_version: number;
  readonly successions: readonly SuccessionGiven[];
}

/** One admin key took another's place; both have signed. */
export interface SuccessionGiven {
  readonly former: string;
  readonly new: string;
  readonly version: number;
  readonly by_former: string;
  readonly by_new: string;
}

export interface Agency {
  readonly slug: string;
  readonly name: string;
  readonly agency_ref: string;
  readonly zone: string;
  readonly case_pattern: string;
  readonly role: string | null;
  /** What comes first in danger. */
  readonly first: string;
  readonly media: boolean;
  readonly writes: boolean;
  readonly reads: boolean;
  readonly desk: DeskGiven | null;
  /** Case systems that its notes go to, and how much of them. */
  readonly destinations: readonly { readonly name: string; readonly disclosure: "full" | "summary" | "pointer" }[];
  readonly cases: readonly { readonly code: string; readonly handle: string }[];
}

export interface Session {
  readonly token?: string;
  readonly kind: "author" | "reader";
  readonly now: string;
  readonly idle_until: string;
  readonly ends_at: string;
  readonly stepped_up_until: string | null;
  readonly person: { readonly author_ref: string; readonly handle: string; readonly language: string } | null;
  readonly key: { readonly kid: string; readonly role: string; readonly linked: boolean } | null;
  readonly agencies: readonly Agency[];
  readonly server_keys: readonly string[];
}

export interface Challenge {
  readonly challenge_id: string;
  readonly kid: string;
  readonly suite: string;
  readonly sealed: string;
}

export interface SealedNote {
  readonly envelope: string;
  readonly desk_version: number;
  readonly amends: string | null;
  readonly case: string | null;
  readonly attachments: readonly number[];
}

export interface Receipt {
  readonly note_id: string;
  readonly reference: string;
  readonly agency: string;
  readonly hour: string;
  readonly state: "held" | "waiting" | "handed-over" | "withdrawn";
  readonly flag_state: FlagState | null;
  readonly undo_until: string | null;
  readonly amends: string | null;
}

export interface Kept {
  readonly receipt: Receipt;
  readonly already_kept: boolean;
  readonly recipients_missing: number;
}

export interface Flag {
  /** Of the note or amendment that raised it: acts go by this. */
  readonly note_id: string;
  readonly reference: string;
  readonly urgency: Urgency;
  readonly state: FlagState;
  readonly raised_at: string;
  readonly due_at: string;
  readonly owner: string | null;
  readonly mine: boolean;
  readonly outcome: string | null;
}

export interface Listed {
  readonly note_id: string;
  readonly reference: string;
  readonly agency: string;
  readonly hour: string;
  readonly state: Receipt["state"];
  readonly flag: Flag | null;
  readonly amendments: number;
  readonly attachments: number;
  readonly needs_reason: boolean;
  readonly acts: readonly Act[];
}

export interface NoteRecord {
  readonly note_id: string;
  readonly reference: string;
  readonly agency: string;
  readonly agency_ref: string;
  readonly amends: string | null;
  readonly flag_level: number;
  readonly schema_version: number;
  readonly channel: "chat" | "page";
  readonly state: Receipt["state"];
  readonly record: string | null;
  readonly attachments: readonly { readonly number: number; readonly size: number; readonly ticket: string }[];
}

export interface Given {
  readonly notes: readonly NoteRecord[];
  readonly server_keys: readonly string[];
  readonly flag: Flag | null;
  readonly acts: readonly Act[];
  /** With it a flag is taken as one whose note was read. */
  readonly ticket: string;
}

export interface Acted {
  readonly flag: Flag;
  readonly acts: readonly Act[];
}

/** The server refused, or was out of reach: then `code` is `offline`. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly say = "",
    readonly retryAfter = 0,
  ) {
    super(code);
    this.name = "Problem";
  }

  /** Whether the same again may go well later. */
  get passes(): boolean {
    return ["offline", "busy", "slower", "day-full", "broken", "session", "desk-newer"].includes(this.code);
  }
}

const PATIENCE_MS = 30_000;
/** For what is large; the server waits no longer for an attachment. */
const LONG_PATIENCE_MS = 60_000;

async function fetched(method: string, path: string, body: unknown, token: string | null, patienceMs = PATIENCE_MS): Promise<Response> {
  const headers: Record<string, string> = {};
  const raw = body instanceof Uint8Array;
  if (body !== undefined) headers["Content-Type"] = raw ? "application/octet-stream" : "application/json";
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  try {
    return await fetch(path, {
      method,
      headers,
      body: body === undefined ? null : raw ? (body as BodyInit) : JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(patienceMs),
    });
  } catch {
    throw new Problem("offline");
  }
}

async function problem(answer: Response): Promise<Problem> {
  try {
    const { code, say, retry_after_s: wait } = (await answer.json()) as { code: string; say: string; retry_after_s?: number };
    return new Problem(String(code), String(say), wait ?? 0);
  } catch {
    return new Problem(answer.status >= 500 ? "broken" : "form");
  }
}

async function answered<Answer>(method: string, path: string, body: unknown, token: string | null, patienceMs?: number): Promise<Answer> {
  const answer = await fetched(method, path, body, token, patienceMs);
  if (!answer.ok) throw await problem(answer);
  if (answer.status === 204) return undefined as Answer;
  try {
    return (await answer.json()) as Answer;
  } catch {
    throw new Problem("offline");
  }
}

/** The calls; `token` opens a session and is kept by whoever calls. */
export const api = {
  config: () => answered<Config>("GET", "/api/config", undefined, null),
  danger: (language: string) => answered<DangerTold>("GET", `/api/danger/${language}`, undefined, null, LONG_PATIENCE_MS),
  byLink: (token: string) => answered<Session>("POST", "/api/sessions/link", { token }, null),
  byTelegram: (init_data: string) => answered<Session>("POST", "/api/sessions/telegram", { init_data }, null),
  challenge: (kid: string) => answered<Challenge>("POST", "/api/challenges", { kid }, null),
  answer: (id: string, answer: string, token: string | null) =>
    answered<Session>("POST", `/api/challenges/${id}/answer`, { answer }, token),
  touch: (token: string) => answered<void>("POST", "/api/session/touch", {}, token),
  logout: (token: string) => answered<void>("DELETE", "/api/session", undefined, token),
  myNotes: (token: string) => answered<{ receipts: Receipt[] }>("GET", "/api/my/notes", undefined, token),
  keep: (id: string, note: SealedNote, token: string) => answered<Kept>("PUT", `/api/notes/${id}`, note, token),
  upload: (id: string, number: number, sealed: Uint8Array, token: string) =>
    answered<{ already_kept: boolean }>("PUT", `/api/notes/${id}/attachments/${number}`, sealed, token, LONG_PATIENCE_MS),
  withdraw: (id: string, token: string) => answered<Receipt>("POST", `/api/notes/${id}/withdraw`, {}, token),
  list: (query: Record<string, string>, token: string) =>
    answered<{ notes: Listed[]; next: string | null }>("GET", `/api/notes?${new URLSearchParams(query)}`, undefined, token),
  open: (id: string, why: { reason?: Reason; words?: string }, token: string) =>
    answered<Given>("POST", `/api/notes/${id}/open`, why, token),
  colleagues: (id: string, token: string) =>
    answered<{ colleagues: { person: string; handle: string }[] }>("GET", `/api/notes/${id}/colleagues`, undefined, token),
  act: (id: string, act: Act, more: Record<string, string>, token: string) =>
    answered<Acted>("POST", `/api/notes/${id}/${act}`, more, token),
  async attachment(id: string, number: number, ticket: string, token: string): Promise<Uint8Array<ArrayBuffer>> {
    const answer = await fetched("POST", `/api/notes/${id}/attachments/${number}`, { ticket }, token, LONG_PATIENCE_MS);
    if (!answer.ok) throw await problem(answer);
    return new Uint8Array(await answer.arrayBuffer());
  },
};

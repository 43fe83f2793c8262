/** Sealed notes on their way: kept on the device until the server has said that they are kept there. */
import { api, type Kept, Problem } from "./api";
import { attachments, drafts, queue, type Queued } from "./device";
import { sealAttachment } from "./sealing/attachment";
import { base64url, hex, random, unhex, utf8 } from "./sealing/bytes";
import { type Desk, sealingKeys } from "./sealing/desk";
import { CannotSeal } from "./sealing/errors";
import { hourOf } from "./sealing/header";
import { knownAnswers } from "./sealing/known";
import { seal } from "./sealing/seal";
import { body, caseCode, type Draft, flagLevel, placeOf } from "./note/draft";
import { reference } from "./note/reference";
import { now, type Person, person } from "./state";

/** A note's id, drawn here: what makes posting it twice the same as once. */
export const newNoteId = (): string => hex(random(16));

/** Seals a draft to a verified desk and keeps it, with its draft, until it is sent. */
export async function sealAndQueue(draft: Draft, desk: Desk, writer: Person): Promise<Queued> {
  await knownAnswers();
  const agency = writer.agencies.find(({ slug }) => slug === draft.agency)!;
  const at = now();
  const digests = await sealAttachments(draft, desk);
  const text = utf8(JSON.stringify(body(draft, agency, writer, at, digests)));
  const header = {
    agencyRef: desk.agencyRef,
    noteId: unhex(draft.id, 16)!,
    authorRef: unhex(writer.author_ref, 16)!,
    flagLevel: flagLevel(draft),
    hour: hourOf(at),
    schemaVersion: 1,
    channel: "page",
  } as const;
  const envelope = await seal(text, header, sealingKeys(desk), desk.suite);
  const code = caseCode(draft, agency);
  const queued: Queued = {
    note_id: draft.id,
    author_ref: writer.author_ref,
    agency: draft.agency,
    reference: reference(draft.id),
    queued_at: at.getTime(),
    note: {
      envelope: base64url(envelope),
      desk_version: desk.version,
      amends: draft.amends?.id ?? null,
      case: agency.cases.find((one) => one.code === code)?.handle ?? null,
      attachments: draft.attachments.map(({ number }) => number),
    },
    refused: "",
  };
  await drafts.keep(behind(queued), draft, at.getTime());
  await queue.keep(queued);
  await drafts.forget(placeOf(writer.author_ref, draft.amends));
  return queued;
}

async function sealAttachments(draft: Draft, desk: Desk): Promise<ReadonlyMap<number, string>> {
  const digests = new Map<number, string>();
  for (const { number } of draft.attachments) {
    const content = await attachments.of(draft.id, number);
    if (content === null) throw new CannotSeal("attachment");
    const place = { agencyRef: desk.agencyRef, noteId: unhex(draft.id, 16)!, number };
    const { envelope, digest } = await sealAttachment(content, place, sealingKeys(desk), desk.suite);
    await attachments.change(draft.id, number, { sealed: envelope, sent: false });
    digests.set(number, digest);
  }
  return digests;
}

/** Before their note, each once; `again`: also those that were sent before. Throws Problem. */
async function sendAttachments(one: Queued, token: string, again: boolean): Promise<void> {
  for (const number of one.note.attachments) {
    const row = await attachments.row(one.note_id, number);
    if (!row?.sealed || (row.sent && !again)) continue;
    await api.upload(one.note_id, number, row.sealed, token);
    await attachments.change(one.note_id, number, { sent: true });
  }
}

/** The draft of a note that was sealed and is not sent yet. */
const behind = ({ author_ref, note_id }: Queued): string => `${author_ref} ${note_id}`;

/** Sends one; gone from the device once it is kept. Throws Problem. */
export async function send(one: Queued, token: string): Promise<Kept> {
  try {
    const kept = await keptWithAttachments(one, token);
    await gone(one);
    return kept;
  } catch (error) {
    if (error instanceof Problem && error.code === "withdrawn") await gone(one);
    else if (error instanceof Problem && !error.passes) await queue.keep({ ...one, refused: error.code });
    throw error;
  }
}

async function keptWithAttachments(one: Queued, token: string): Promise<Kept> {
  await sendAttachments(one, token, false);
  try {
    return await api.keep(one.note_id, one.note, token);
  } catch (error) {
    // The server forgets attachments whose note does not come within a day; here they are still.
    if (!(error instanceof Problem) || error.code !== "uploads") throw error;
    await sendAttachments(one, token, true);
    return await api.keep(one.note_id, one.note, token);
  }
}

/** What was refused for good, as a draft again under another id. */
export async function reopened(one: Queued): Promise<Draft | null> {
  const draft = await drafts.of<Draft>(behind(one), 0, Infinity);
  if (draft === null) return null;
  const again = { ...draft, id: newNoteId() };
  for (const { number } of draft.attachments) {
    const content = await attachments.of(one.note_id, number);
    if (content) await attachments.keep(again.id, number, content);
  }
  await drafts.keep(placeOf(one.author_ref, again.amends), again, now().getTime());
  await gone(one);
  return again;
}

async function gone(one: Queued): Promise<void> {
  await queue.drop(one.note_id);
  await drafts.forget(behind(one));
  for (const number of one.note.attachments) await attachments.forget(one.note_id, number);
}

const RETRY_MS = [5_000, 15_000, 60_000];
let timer: ReturnType<typeof setTimeout> | undefined;
let running: Promise<void> | null = null;

/** Sends what waits, of whoever is logged in; later again what did not get through. `told` hears of each that is kept. */
export function sendWaiting(told: (kept: Kept | null) => void, round = 0): Promise<void> {
  running ??= attempt(told, round).finally(() => (running = null));
  return running;
}

async function attempt(told: (kept: Kept | null) => void, round: number): Promise<void> {
  clearTimeout(timer);
  const writer = person();
  if (writer === null) return;
  for (const one of (await queue.all()).sort((a, b) => a.queued_at - b.queued_at)) {
    if (one.author_ref !== writer.author_ref || one.refused !== "") continue;
    try {
      told(await send(one, writer.token));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      told(null);
      if (error.code === "session") return;
      if (!error.passes) continue;
      const wait = Math.max(RETRY_MS[Math.min(round, RETRY_MS.length - 1)]!, error.retryAfter * 1000);
      clearTimeout(timer);
      timer = setTimeout(() => void sendWaiting(told, round + 1), wait);
      if (error.code !== "day-full") return; // another agency's may yet go
    }
  }
}

/** Stops trying, for the page is locked. */
export const stopSending = (): void => clearTimeout(timer);

/** What waits, of anybody: none of it can be read here. */
export const waiting = (): Promise<Queued[]> => queue.all();

export const DRAFT_MS = 12 * 3_600_000;

/** Drafts that are over go, also those of people who do not come back to this device. */
export async function sweepDrafts(): Promise<void> {
  const queued = await queue.all();
  await drafts.sweep(now().getTime(), DRAFT_MS, new Set(queued.map(behind)));
  await attachments.sweep(new Set([...queued.map(({ note_id }) => note_id), ...(await drafts.notes())]));
}

/** One note, opened on this device: its words, its amendments in order, what is attached, and what can be done. */
import { type Act, api, type Flag, type Given, type Listed, Problem, type Reason } from "../api";
import { serverKeys, stepUp } from "../login";
import { reference as referenceOf } from "../note/reference";
import { attachmentOf, type Attached, openAll, type Opened } from "../reading";
import { Refused } from "../sealing/errors";
import type { VerifyKey } from "../sealing/signing";
import { known } from "../state";
import { button, choices, field, h, replace, select } from "../ui/dom";
import { back, lockedBy, onLeave, say, type Screen } from "../ui/shell";
import { t, why } from "../ui/text";
import { alert, badges, moment, notice } from "../ui/words";

/** Characters of one's own that breaking the glass takes. */
const FEWEST_WORDS = 8;

export const noteScreen = (listed: Listed): Screen => () => {
  const place = h("div", {});
  if (listed.needs_reason) askReason(listed, place, "");
  else void show(listed, {}, place);
  return [
    h("p", { class: "back" }, button(t("page-back"), () => back(), "quiet")),
    h("h1", { class: "reference" }, listed.reference),
    place,
  ];
};

function askReason(listed: Listed, place: HTMLElement, problem: string): void {
  // Handling is the reason for one's own cases, which is what this is not.
  const reasons = (known.config?.forms.reasons ?? []).filter((one) => one !== "handling");
  let reason: Reason = reasons[0] ?? "break-glass";
  const words = h("textarea", { rows: 2, maxlength: known.config?.limits.words ?? 500 });
  const typed = field(t("page-reason-words"), words, t("page-reason-words-hint"));
  const open = () => {
    const said = words.value.trim();
    typed.wrong("");
    if (reason === "break-glass" && said.length < FEWEST_WORDS) {
      typed.wrong(t("page-reason-words-missing"));
      return words.focus();
    }
    return show(listed, { reason, ...(said ? { words: said } : {}) }, place);
  };
  replace(
    place,
    h("p", {}, t("page-reason-why")),
    problem !== "" && alert(t("page-not-opened"), problem),
    choices(t("page-reason-for"), "why", reasons.map((one) => ({ value: one, label: t(`page-why-${one}`) })), reason, (value) => (reason = value as Reason)),
    typed.row,
    h("p", { class: "actions" }, button(t("page-open"), open, "main")),
  );
}

async function show(listed: Listed, reason: { reason?: Reason; words?: string }, place: HTMLElement): Promise<void> {
  const key = known.key;
  if (key === null) return;
  try {
    const given = await opened(listed.flag?.note_id ?? listed.note_id, reason);
    const { trusted } = await serverKeys(given.server_keys);
    const notes = await openAll(given, key, trusted);
    if (known.key !== key) return; // locked meanwhile
    replace(place, ...article(listed, given, notes, trusted));
    say(t("page-opened"));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (lockedBy(error)) return;
    if (error.code === "reason") askReason(listed, place, "");
    else if (reason.reason) askReason(listed, place, why(error.code, error.say));
    else replace(place, alert(t("page-not-opened"), why(error.code, error.say)));
  }
}

/** Asked again after a fresh proof of the key, where the server wants one. */
async function opened(noteId: string, reason: { reason?: Reason; words?: string }): Promise<Given> {
  try {
    return await api.open(noteId, reason, known.reader?.token ?? "");
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "step-up") throw error;
    await stepUp();
    return api.open(noteId, reason, known.reader?.token ?? "");
  }
}

function article(listed: Listed, given: Given, notes: readonly Opened[], trusted: readonly VerifyKey[]): Node[] {
  const acts = h("section", { class: "acts", "aria-label": t("page-acts") });
  drawActs(acts, { noteId: given.flag?.note_id ?? listed.note_id, flag: given.flag, acts: given.acts, ticket: given.ticket });
  return [
    h("article", { class: "note" }, notes.map((one, at) => noteBody(one, at, trusted))),
    acts,
    h("p", { class: "actions no-print" }, button(t("page-print"), () => print(), "quiet")),
  ];
}

function noteBody({ record, body, problem }: Opened, at: number, trusted: readonly VerifyKey[]): Node {
  const title = at === 0 ? null : h("h2", { class: "amendment" }, t("page-amendment", { number: at, reference: record.reference }));
  if (body === null) {
    const text = problem === "withdrawn" ? notice(t("page-withdrawn")) : alert(t("page-unreadable"), t(`page-unreadable-${unreadable(problem)}`, { code: problem }));
    return h("div", {}, title, text);
  }
  const facts: [string, string | null][] = [
    [t("page-case"), at === 0 ? (body.caseCode ?? t("page-none")) : null],
    [t("page-fact-kind"), at === 0 ? t(`note-kind-${body.type}`) : null],
    [t("page-fact-when"), at === 0 ? (body.occurredAt ? moment(body.occurredAt, body.precision) : t("page-when-unknown")) : null],
    [t("page-fact-urgency"), at === 0 ? t(`urgency-${body.urgency}`) : null],
    [t("page-fact-flag"), body.flagReason && t(`reason-${body.flagReason}`)],
    [t("page-author"), body.author.handle],
    [t("page-recorded"), moment(body.recordedAt, "minute")],
  ];
  return h(
    "div",
    { class: "note-part" },
    title,
    h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value ?? "")))),
    body.parts.map(([part, text]) =>
      h("section", {}, h(at === 0 ? "h2" : "h3", {}, t(at === 0 ? `page-part-${part}` : "page-part-amend")), h("p", { class: "words-of-people" }, text)),
    ),
    body.summary && h("section", {}, h(at === 0 ? "h2" : "h3", {}, t("page-summary")), h("p", { class: "words-of-people" }, body.summary)),
    body.attachments.map((one) => attachment(record, one, trusted)),
    body.unlisted.map((number) => alert(t("page-attachment-problem", { number }), t("page-attachment-unlisted"))),
  );
}

const unreadable = (code: string): string => (["recipient", "signature"].includes(code) ? code : "damaged");

/** Fetched and opened when asked for: it may be 5 MB over a telephone. */
function attachment(record: Opened["record"], one: Attached, trusted: readonly VerifyKey[]): Node {
  const place = h("div", { class: "attachment" });
  const label = t(one.kind === "voice" ? "page-voice" : "page-photo", { size: Math.max(1, Math.round(one.size / 1024)) });
  const open = async () => {
    const key = known.key;
    if (key === null) return;
    try {
      const blob = await attachmentOf(record, one, key, trusted, known.reader?.token ?? "");
      if (known.key !== key) return;
      const url = URL.createObjectURL(blob);
      onLeave(() => URL.revokeObjectURL(url));
      replace(place, one.kind === "voice" ? h("audio", { controls: true, src: url }) : h("img", { src: url, alt: t("page-photo-alt") }));
    } catch (error) {
      const text = error instanceof Problem ? why(error.code, error.say) : t("page-attachment-unreadable");
      if (!(error instanceof Problem) && !(error instanceof Refused)) throw error;
      replace(place, alert(t("page-attachment-problem", { number: one.number }), text));
    }
  };
  place.append(button(label, open, "quiet"));
  return place;
}

// ---------------------------------------------------------------- what can be done

interface Doable {
  readonly noteId: string;
  readonly flag: Flag | null;
  readonly acts: readonly Act[];
  /** Of the note that was opened. */
  readonly ticket: string;
}

function drawActs(place: HTMLElement, { noteId, flag, acts, ticket }: Doable): void {
  const panel = h("div", {});
  const redrawn = (about: Flag | null, left: readonly Act[]) => drawActs(place, { noteId, flag: about, acts: left, ticket });
  const act = async (which: Act, more: Record<string, string>) => {
    try {
      const done = await api.act(noteId, which, more, known.reader?.token ?? "");
      redrawn(done.flag, done.acts);
      place.prepend(notice(t(`page-did-${which}`)));
      say(t(`page-did-${which}`));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (lockedBy(error)) return;
      if (error.code === "taken") await asItIs(noteId, redrawn);
      place.append(alert(t("page-not-done"), why(error.code, error.say)));
    }
  };
  const forms = known.config?.forms;
  const presses: Record<Act, () => unknown> = {
    take: () => act("take", { ticket }),
    cannot: () => askOne(panel, "cannot", forms?.declined ?? [], "declined", (one) => act("cannot", { why: one })),
    work: () => act("work", {}),
    await: () => askOne(panel, "await", forms?.awaited ?? [], "awaited", (one) => act("await", { whom: one })),
    "hand-on": () => askColleague(panel, noteId, act),
    close: () => askOne(panel, "close", forms?.outcomes ?? [], "outcome", (one) => act("close", { outcome: one })),
    ask: () => act("ask", {}),
    undo: () => act("undo", {}),
  };
  const buttons = acts.filter((one) => one in presses).map((one) => button(t(`page-act-${one}`), presses[one], one === "take" ? "main" : ""));
  replace(
    place,
    h("div", { class: "card-top" }, badges(flag), flag?.owner && h("span", { class: "hint" }, t("page-owner", { handle: flag.owner })), flag?.outcome && h("span", { class: "hint" }, t(`outcome-${flag.outcome}`))),
    buttons.length > 0 && h("p", { class: "actions no-print" }, buttons),
    panel,
  );
}

/** Somebody was faster: how the flag stands now, without opening the note again. */
async function asItIs(noteId: string, redrawn: (flag: Flag | null, acts: readonly Act[]) => void): Promise<void> {
  try {
    const { notes } = await api.list({ reference: referenceOf(noteId) }, known.reader?.token ?? "");
    const flag = notes[0]?.flag;
    redrawn(flag?.note_id === noteId ? flag : null, flag?.note_id === noteId ? notes[0]!.acts : []);
  } catch (error) {
    if (!(error instanceof Problem)) throw error; // what was refused is said all the same
  }
}

type DoAct = (which: Act, more: Record<string, string>) => Promise<void>;

/** Which of a few phrases; `named` begins their names. */
function askOne(panel: HTMLElement, which: Act, values: readonly string[], named: string, done: (one: string) => Promise<void>): void {
  let chosen = values[0] ?? "";
  const options = values.map((one) => ({ value: one, label: t(`${named}-${one}`) }));
  replace(
    panel,
    choices(t(`page-ask-${which}`), named, options, chosen, (value) => (chosen = value)),
    h("p", { class: "actions" }, button(t(`page-act-${which}`), () => done(chosen), "main")),
  );
  panel.querySelector("input")?.focus();
}

async function askColleague(panel: HTMLElement, noteId: string, act: DoAct): Promise<void> {
  try {
    const { colleagues } = await api.colleagues(noteId, known.reader?.token ?? "");
    if (colleagues.length === 0) return replace(panel, notice(t("page-no-colleague")));
    let to = colleagues[0]!.person;
    const options = colleagues.map(({ person, handle }) => ({ value: person, label: handle }));
    replace(
      panel,
      field(t("page-ask-colleague"), select(options, to, (value) => (to = value))).row,
      h("p", { class: "actions" }, button(t("page-act-hand-on"), () => act("hand-on", { to }), "main")),
    );
    panel.querySelector("select")?.focus();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    replace(panel, alert(t("page-not-done"), why(error.code, error.say)));
  }
}

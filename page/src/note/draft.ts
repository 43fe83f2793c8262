/** A note in the making, what is still missing in it, and the sealed body it becomes: docs/formats/note-body.md. */
import type { Agency, Urgency } from "../api";
import { CasePattern } from "./case-code";
import { clean, units } from "./clean";
import { reference } from "./reference";
import { isoIn, momentIn } from "./time";

export const PARTS = ["seen", "told", "think", "else"] as const;
export type Part = (typeof PARTS)[number];

/** `about`: only roughly known, to the hour. */
export type When =
  | { readonly how: "now" }
  | { readonly how: "unknown" }
  | { readonly how: "at"; readonly day: string; readonly clock: string; readonly about: boolean };

export interface Draft {
  /** Becomes the note's id: 32 hex digits. */
  readonly id: string;
  readonly agency: string;
  readonly amends: { readonly id: string; readonly reference: string } | null;
  readonly case: string;
  readonly kind: string;
  readonly when: When;
  readonly parts: Readonly<Record<Part, string>>;
  readonly urgency: Urgency;
  readonly flag: boolean;
  readonly reason: string;
  /** What case systems may read that do not get everything. */
  readonly summary: string;
  /** The first line for danger was shown for what is written here, and read. */
  readonly warned: boolean;
  readonly attachments: readonly Attachment[];
  /** The highest number that an attachment ever had. */
  readonly numbered: number;
}

/** A photo or voice message, cleaned; its content lies beside the draft. */
export interface Attachment {
  readonly number: number;
  readonly kind: "photo" | "voice";
  readonly size: number;
}

export const MOST_NUMBERED = 255;
export const MEDIA_TYPES = { photo: "image/jpeg", voice: "audio/ogg" } as const;

const FLAG_LEVELS: Record<Urgency, number> = { routine: 1, today: 2, urgent: 3 };
const OLDEST_MS = 400 * 86_400_000;
const CLOCKS_DIFFER_MS = 5 * 60_000;

export const newDraft = (id: string, agency: string, amends: Draft["amends"] = null): Draft => ({
  id,
  agency,
  amends,
  case: "",
  kind: "behaviour",
  when: { how: amends ? "unknown" : "now" },
  parts: { seen: "", told: "", think: "", else: "" },
  urgency: "routine",
  flag: false,
  reason: "",
  summary: "",
  warned: false,
  attachments: [],
  numbered: 0,
});

/** Where it is kept on the device: one note in the making, and one addition to each note. */
export const placeOf = (author: string, amends: Draft["amends"]): string => (amends ? `${author} amends ${amends.id}` : author);

/** Nobody would miss it. */
export const isEmpty = (draft: Draft): boolean => draft.case === "" && draft.attachments.length === 0 && PARTS.every((part) => draft.parts[part].trim() === "");

/** UTF-16 units of all parts together, cleaned. */
export const lengthOf = (draft: Draft): number => PARTS.reduce((sum, part) => sum + units(clean(draft.parts[part])), 0);

export const flagLevel = (draft: Draft): number => (draft.flag ? FLAG_LEVELS[draft.urgency] : 0);

/** What has to be mended before it can be sealed; `field` is where, `why` a phrase. */
export interface Missing {
  readonly field: string;
  readonly why: string;
}

export function missing(draft: Draft, agency: Agency, now: Date, most: number, mostSummary: number): Missing[] {
  const found: Missing[] = [];
  if (draft.case.trim() !== "") {
    const read = new CasePattern(agency.case_pattern).read(draft.case);
    if ("problem" in read) found.push({ field: "case", why: `page-case-${read.problem}` });
  }
  if (draft.when.how === "at") {
    const at = happened(draft, agency, now);
    if (at === null) found.push({ field: "when", why: "page-when-missing" });
    else if (at.at.getTime() > now.getTime() + CLOCKS_DIFFER_MS) found.push({ field: "when", why: "page-when-future" });
    else if (at.at.getTime() < now.getTime() - OLDEST_MS) found.push({ field: "when", why: "page-when-old" });
  }
  if (lengthOf(draft) === 0) found.push({ field: "seen", why: "page-nothing-yet" });
  if (lengthOf(draft) > most) found.push({ field: "seen", why: "page-too-long" });
  if (units(clean(draft.summary)) > mostSummary) found.push({ field: "summary", why: "page-summary-too-long" });
  if (draft.attachments.length > 0 && !agency.media) found.push({ field: "agency", why: "page-attach-off" });
  if (draft.flag && draft.reason === "") found.push({ field: "reason", why: "page-reason-missing" });
  return found;
}

/** When it happened and how exactly that is known; null where it is not known, or not readable. */
export function happened(draft: Draft, agency: Agency, now: Date): { at: Date; precision: "minute" | "hour" | "day" } | null {
  const { when } = draft;
  if (when.how === "unknown") return null;
  if (when.how === "now") return { at: new Date(Math.floor(now.getTime() / 60_000) * 60_000), precision: "minute" };
  if (when.clock === "") {
    const noon = momentIn(agency.zone, when.day, "12:00");
    return noon && { at: noon.getTime() > now.getTime() && isoIn(agency.zone, now).startsWith(when.day) ? now : noon, precision: "day" };
  }
  const at = momentIn(agency.zone, when.day, when.clock);
  return at && { at, precision: when.about ? "hour" : "minute" };
}

/** The code as the agency writes it; empty for none. */
export function caseCode(draft: Draft, agency: Agency): string {
  if (draft.case.trim() === "") return "";
  const read = new CasePattern(agency.case_pattern).read(draft.case);
  return "code" in read ? read.code : "";
}

/** What is sealed; only for a draft with nothing missing. `digests`: of its attachments, by number. */
export function body(
  draft: Draft,
  agency: Agency,
  author: { handle: string; language: string },
  now: Date,
  digests: ReadonlyMap<number, string> = new Map(),
): object {
  const known = happened(draft, agency, now);
  const parts = PARTS.map((part) => [part, clean(draft.parts[part])] as const).filter(([, text]) => text !== "");
  const summary = clean(draft.summary);
  return {
    schema: 1,
    note_id: draft.id,
    reference: reference(draft.id),
    kind: draft.amends ? "amended" : "recorded",
    amends: draft.amends?.id ?? null,
    agency: draft.agency,
    case_code: caseCode(draft, agency) || null,
    type: draft.kind,
    occurred_at: known && isoIn(agency.zone, known.at),
    occurred_precision: known?.precision ?? null,
    recorded_at: isoIn(agency.zone, now),
    author: { handle: author.handle, role: agency.role },
    urgency: draft.urgency,
    flagged: draft.flag,
    flag_reason: draft.flag ? draft.reason : null,
    parts: Object.fromEntries(parts),
    lang: author.language,
    ...(summary !== "" && { summary }),
    ...(draft.attachments.length > 0 && {
      attachments: draft.attachments.map(({ number, kind, size }) => ({ number, kind, media_type: MEDIA_TYPES[kind], size, digest: digests.get(number) })),
    }),
  };
}

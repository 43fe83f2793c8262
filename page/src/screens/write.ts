/** The note form: the chat's questions on one page, sealed before anything leaves the device. */
import type { Agency, Urgency } from "../api";
import { attachments, drafts } from "../device";
import { CasePattern } from "../note/case-code";
import { type Draft, isEmpty, lengthOf, missing, newDraft, type Part, PARTS, placeOf, type When } from "../note/draft";
import { identifying } from "../note/identifying";
import { wallIn } from "../note/time";
import { takeNewAdmin, trusted, Untrusted } from "../trust";
import { DRAFT_MS, newNoteId } from "../sending";
import { known, now, type Person, person } from "../state";
import { afterTap, button, choices, field, type Field, h, replace, select } from "../ui/dom";
import { deeper, onLeave, redraw, say, type Screen, type Shown } from "../ui/shell";
import { t } from "../ui/text";
import { alert, keyWords, notice } from "../ui/words";
import { finderOf } from "../danger/hearing";
import { type Attaching, attachmentField } from "./attaching";
import { preview } from "./preview";

const SAVE_AFTER_MS = 400;
const HEAR_AFTER_MS = 700;

export const write: Screen = () => form(null);
export const amend = (amends: NonNullable<Draft["amends"]>, agency: string): Screen => () => form({ amends, agency });

async function form(amendment: { amends: NonNullable<Draft["amends"]>; agency: string } | null): Promise<Shown> {
  const writer = person();
  if (writer === null || writer.agencies.length === 0) return [h("h1", {}, t("page-write")), notice(t("page-cannot-write"))];
  const kept = await drafts.of<Draft>(placeOf(writer.author_ref, amendment?.amends ?? null), now().getTime(), DRAFT_MS);
  const fresh = newDraft(newNoteId(), amendment?.agency ?? writer.agencies[0]!.slug, amendment?.amends ?? null);
  // Over the fresh one: the draft may be of an earlier version of this page.
  const usable = kept && writer.agencies.some(({ slug }) => slug === kept.agency) ? { ...fresh, ...kept } : null;
  const back = usable?.id === lookedOver;
  lookedOver = "";
  return new Form(writer, usable ?? fresh, usable !== null && !back).nodes();
}

/** Id of the draft that is being looked over: coming back from there needs no word. */
let lookedOver = "";

class Form {
  private readonly rest = h("div", {});
  private readonly fields = new Map<string, Field<HTMLElement>>();
  private readonly count = h("p", { class: "count" });
  private readonly danger = h("div", { class: "danger-line" });
  private saving: ReturnType<typeof setTimeout> | undefined;
  private hearing: ReturnType<typeof setTimeout> | undefined;
  private sealed = false;

  constructor(
    private readonly writer: Person,
    private draft: Draft,
    private readonly restored: boolean,
  ) {
    onLeave(() => this.saveNow());
    onLeave(() => clearTimeout(this.hearing));
    void finderOf(writer.language).then(() => this.hear());
    const hidden = () => document.visibilityState === "hidden" && this.saveNow();
    document.addEventListener("visibilitychange", hidden);
    onLeave(() => document.removeEventListener("visibilitychange", hidden));
  }

  nodes(): Shown {
    void this.fill();
    this.calm();
    const title = this.draft.amends ? t("page-amend-title", { reference: this.draft.amends.reference }) : t("page-write");
    return [
      h("h1", {}, title),
      this.danger,
      this.restored && notice(t("page-draft-restored"), button(t("page-draft-discard"), () => this.discard(), "quiet")),
      this.rest,
    ];
  }

  private calm(): void {
    this.danger.className = "danger-line";
    this.danger.removeAttribute("role");
    replace(this.danger, h("p", {}, `${t("page-danger")} `, h("strong", {}, this.agency.first), ` ${t("page-danger-then")}`));
  }

  /** Once a note, as in the chat; it stays in sight until it was read. */
  private alarm(): void {
    const read = () => {
      this.change({ warned: true });
      this.calm();
    };
    this.danger.className = "danger-line alarm";
    this.danger.setAttribute("role", "alert");
    replace(this.danger, h("p", { class: "alert-title" }, this.agency.first), h("p", {}, t("note-danger")), h("p", { class: "actions" }, button(t("page-danger-read"), read)));
  }

  /** Whether what is written speaks of danger that nobody was told of yet. */
  private async hear(): Promise<boolean> {
    if (this.draft.warned || isEmpty(this.draft)) return false;
    const finder = await finderOf(this.writer.language);
    const heard = finder !== null && PARTS.some((part) => finder.hears(this.draft.parts[part]));
    if (heard && !this.draft.warned && !this.danger.classList.contains("alarm")) this.alarm();
    return heard;
  }

  private get agency(): Agency {
    return this.writer.agencies.find(({ slug }) => slug === this.draft.agency)!;
  }

  private async fill(): Promise<void> {
    try {
      await trusted(this.agency, known.named, now());
      replace(this.rest, this.questions());
    } catch (error) {
      if (!(error instanceof Untrusted)) throw error;
      replace(this.rest, this.agencyChoice(), distrust(this.agency, error));
    }
  }

  private agencyChoice(): Node | null {
    if (this.writer.agencies.length < 2 || this.draft.amends) return null;
    const options = this.writer.agencies.map(({ slug, name }) => ({ value: slug, label: name }));
    return this.add("agency", t("page-agency"), select(options, this.draft.agency, (agency) => {
      // A case code belongs to an agency: another agency's is asked for anew. What is attached stays, where it takes any.
      this.change({ agency, case: "" });
      void this.fill();
    })).row;
  }

  private questions(): Node {
    const done = button(t("page-look-over"), () => this.check(), "main");
    const parts = this.draft.amends ? [this.part("seen", t("page-part-amend"))] : PARTS.map((part) => this.part(part, t(`page-part-${part}`)));
    this.recount();
    return h(
      "form",
      { novalidate: true, onsubmit: (event) => event.preventDefault() },
      this.agencyChoice(),
      !this.draft.amends && [this.caseCode(), this.kind(), this.when()],
      h("div", { class: "parts" }, !this.draft.amends && h("h2", {}, t("page-parts")), parts, this.count),
      (this.agency.media || this.draft.attachments.length > 0) && attachmentField(this.attaching()),
      this.others(),
      !this.draft.amends && this.urgency(),
      h("p", { class: "actions" }, done),
      h("p", { class: "hint" }, t("page-draft-kept")),
    );
  }

  private caseCode(): Node {
    const { cases, case_pattern: pattern } = this.agency;
    const list = h("datalist", { id: "cases" }, cases.map(({ code }) => h("option", { value: code })));
    const input: HTMLInputElement = h("input", {
      type: "text",
      list: cases.length ? "cases" : null,
      autocapitalize: "characters",
      oninput: () => this.change({ case: input.value }),
    });
    input.value = this.draft.case;
    const made = this.add("case", t("page-case"), input, t("page-case-hint", { example: new CasePattern(pattern).example() }));
    input.addEventListener("change", () => {
      const read = new CasePattern(pattern).read(input.value);
      const wrong = input.value.trim() !== "" && "problem" in read;
      afterTap(() => made.wrong(wrong ? t(`page-case-${read.problem}`) : ""));
      if ("code" in read) {
        input.value = read.code;
        this.change({ case: read.code });
      }
    });
    made.row.append(list);
    return made.row;
  }

  private kind(): Node {
    const options = (known.config?.forms.kinds ?? []).map((kind) => ({ value: kind, label: t(`note-kind-${kind}`) }));
    return this.add("kind", t("page-kind"), select(options, this.draft.kind, (kind) => this.change({ kind }))).row;
  }

  private when(): Node {
    const { day, clock } = wallIn(this.agency.zone, now());
    const at = h("div", { class: "when-at" });
    const show = () => {
      const { when } = this.draft;
      if (when.how !== "at") return replace(at);
      const put = (change: Partial<Extract<When, { how: "at" }>>) =>
        this.change({ when: { ...(this.draft.when as Extract<When, { how: "at" }>), ...change } });
      const date: HTMLInputElement = h("input", { type: "date", max: day, onchange: () => put({ day: date.value }) });
      const time: HTMLInputElement = h("input", { type: "time", onchange: () => put({ clock: time.value }) });
      const about: HTMLInputElement = h("input", { type: "checkbox", id: "about", onchange: () => put({ about: about.checked }) });
      [date.value, time.value, about.checked] = [when.day, when.clock, when.about];
      const made = this.add("when", t("page-when-day"), date, t("page-when-zone", { zone: this.agency.zone.replaceAll("_", " ") }));
      replace(
        at,
        made.row,
        field(t("page-when-clock"), time, t("page-when-clock-hint")).row,
        h("div", { class: "choice" }, about, h("label", { for: "about" }, t("page-when-about"))),
      );
    };
    const options = (["now", "at", "unknown"] as const).map((how) => ({ value: how, label: t(`page-when-${how}`) }));
    const group = choices(t("page-when"), "when", options, this.draft.when.how, (how) => {
      this.change({ when: how === "at" ? { how, day, clock, about: false } : { how: how as "now" | "unknown" } });
      show();
    });
    show();
    group.append(at);
    return group;
  }

  private part(part: Part, label: string): Node {
    const warning = h("p", { class: "warn", role: "status" });
    const area: HTMLTextAreaElement = h("textarea", {
      rows: part === "seen" ? 5 : 3,
      oninput: () => {
        this.change({ parts: { ...this.draft.parts, [part]: area.value } });
        this.recount();
        clearTimeout(this.hearing);
        this.hearing = setTimeout(() => void this.hear(), HEAR_AFTER_MS);
      },
      onblur: () => afterTap(warn),
    });
    area.value = this.draft.parts[part];
    const warn = () => {
      const found = identifying(area.value);
      warning.textContent = found.length ? t("page-looks-identifying", { found: found.map(({ text }) => `“${text}”`).join(", ") }) : "";
    };
    const made = this.add(part, label, area, this.draft.amends ? "" : t(`page-part-${part}-hint`));
    made.row.append(warning);
    warn();
    return made.row;
  }

  /** Which case systems the note goes to, and what those may read that do not get everything. */
  private others(): Node {
    const { destinations } = this.agency;
    const lines = destinations.map(({ name, disclosure }) => t(`others-${disclosure}`, { destination: name }));
    const who = h("details", {}, h("summary", {}, t("others-title")), (lines.length ? lines : [t("others-nobody")]).map((line) => h("p", { class: "hint" }, line)));
    if (!destinations.some(({ disclosure }) => disclosure === "summary")) return who;
    const most = known.config?.limits.summary_units ?? 500;
    const area: HTMLTextAreaElement = h("textarea", { rows: 2, oninput: () => this.change({ summary: area.value }) });
    area.value = this.draft.summary;
    who.open = true;
    who.append(this.add("summary", t("page-summary"), area, t("others-ask", { most })).row);
    return who;
  }

  private attaching(): Attaching {
    return {
      note: this.draft.id,
      attached: () => this.draft.attachments,
      numbered: () => this.draft.numbered,
      change: (attachments, numbered) => {
        this.change({ attachments, numbered });
        if (isEmpty(this.draft)) void drafts.forget(placeOf(this.writer.author_ref, this.draft.amends));
        else this.saveNow();
      },
    };
  }

  private urgency(): Node {
    const group = h("div", { class: "urgency" });
    const show = () => {
      const reasons = (known.config?.forms.flag_reasons ?? []).map((one) => ({ value: one, label: t(`reason-${one}`) }));
      const why = select([{ value: "", label: t("page-reason-pick") }, ...reasons], this.draft.reason, (reason) => this.change({ reason }));
      const levels = (known.config?.forms.urgencies ?? []).map((one) => ({ value: one, label: t(`urgency-${one}`) }));
      const yesNo = [
        { value: "no", label: t("page-flag-no") },
        { value: "yes", label: t("page-flag-yes") },
      ];
      replace(
        group,
        choices(t("page-urgency"), "urgency", levels, this.draft.urgency, (urgency) => this.change({ urgency: urgency as Urgency })),
        choices(t("page-flag"), "flag", yesNo, this.draft.flag ? "yes" : "no", (flag) => {
          this.change({ flag: flag === "yes" });
          reason.hidden = flag !== "yes";
        }),
      );
      const reason = this.add("reason", t("page-reason"), why).row;
      reason.hidden = !this.draft.flag;
      group.append(reason);
    };
    show();
    return group;
  }

  private add<Control extends HTMLElement>(name: string, label: string, control: Control, hint = ""): Field<Control> {
    const made = field(label, control, hint);
    this.fields.set(name, made);
    return made;
  }

  private change(some: Partial<Draft>): void {
    this.draft = { ...this.draft, ...some };
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.saveNow(), SAVE_AFTER_MS);
  }

  private saveNow(): void {
    clearTimeout(this.saving);
    if (this.sealed || isEmpty(this.draft)) return;
    void drafts.keep(placeOf(this.writer.author_ref, this.draft.amends), this.draft, now().getTime());
  }

  private recount(): void {
    const most = known.config?.limits.note_units ?? 4000;
    const length = lengthOf(this.draft);
    this.count.textContent = t("page-count", { length, most });
    this.count.classList.toggle("over", length > most);
  }

  private async discard(): Promise<void> {
    this.sealed = true;
    for (const { number } of this.draft.attachments) await attachments.forget(this.draft.id, number);
    await drafts.forget(placeOf(this.writer.author_ref, this.draft.amends));
    await redraw();
  }

  private async check(): Promise<void> {
    this.saveNow();
    for (const one of this.fields.values()) one.wrong("");
    const found = missing(this.draft, this.agency, now(), known.config?.limits.note_units ?? 4000, known.config?.limits.summary_units ?? 500);
    for (const { field: name, why } of found) this.fields.get(name)?.wrong(t(why));
    const [first] = found;
    if (first) {
      say(t(first.why));
      this.fields.get(first.field)?.control.focus();
      return;
    }
    const danger = await this.hear();
    lookedOver = this.draft.id;
    await deeper(preview(this.draft, () => (this.sealed = true), danger));
  }
}

/** Why nothing is sealed for this agency just now. */
function distrust(agency: Agency, { code, words, named }: Untrusted): Node {
  const text = t(`page-desk-${["no-desk", "unknown", "changed"].includes(code) ? code : "broken"}`, { agency: agency.name, code });
  if (code !== "changed" || !named) return alert(t("page-no-seal"), text);
  const take = async () => {
    await takeNewAdmin(agency);
    await redraw();
  };
  return alert(t("page-no-seal"), text, keyWords(words), h("p", { class: "actions" }, button(t("page-desk-words-match"), take)));
}

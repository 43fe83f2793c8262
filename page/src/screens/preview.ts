/** What will be sealed, to be looked over; and then sealing and sending it. */
import { type Kept, Problem } from "../api";
import { caseCode, type Draft, happened, PARTS } from "../note/draft";
import { clean } from "../note/clean";
import { isoIn } from "../note/time";
import { sealAndQueue, send, sendWaiting } from "../sending";
import { known, now, person } from "../state";
import { trusted, Untrusted } from "../trust";
import { CannotSeal, SuiteBroken } from "../sealing/errors";
import { back, instead, say, type Screen } from "../ui/shell";
import { button, h, replace } from "../ui/dom";
import { t, why } from "../ui/text";
import { alert, moment, notice } from "../ui/words";
import { shownOf } from "./attaching";
import { heard, notSent, receipt } from "./receipt";

/** `danger`: it speaks of danger, and nobody was told yet what comes first. */
export const preview = (draft: Draft, sealed: () => void, danger: boolean): Screen => () => {
  const writer = person();
  const agency = writer?.agencies.find(({ slug }) => slug === draft.agency);
  if (!writer || !agency) return [h("h1", {}, t("page-write")), alert(t("page-not-saved"), t("page-problem-session"))];
  const known_ = happened(draft, agency, now());
  const code = caseCode(draft, agency);
  const others = !draft.amends && code !== "" && agency.cases.every((one) => one.code !== code);
  const facts: [string, string][] = [
    [t("page-agency"), agency.name],
    [t("page-case"), code || t("page-none")],
    [t("page-fact-kind"), t(`note-kind-${draft.kind}`)],
    [t("page-fact-when"), known_ ? moment(isoIn(agency.zone, known_.at), known_.precision) : t("page-when-unknown")],
    [t("page-fact-urgency"), t(`urgency-${draft.urgency}`)],
    [t("page-fact-flag"), draft.flag ? t(`reason-${draft.reason}`) : t("page-fact-no-flag")],
    [t("page-author"), writer.handle],
  ];
  const shown = draft.amends ? facts.filter(([name]) => [t("page-agency"), t("page-author")].includes(name)) : facts;
  const parts = PARTS.map((part) => [draft.amends ? t("page-part-amend") : t(`page-part-${part}`), clean(draft.parts[part])] as const);
  const problem = h("div", {});
  const go = async () => {
    try {
      replace(problem);
      const desk = await trusted(agency, known.named, now());
      const queued = await sealAndQueue(draft, desk, writer);
      sealed();
      say(t("page-sealed"));
      let kept: Kept;
      try {
        kept = await send(queued, writer.token);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.passes) void sendWaiting(heard, 1);
        return await instead(notSent(queued, error));
      }
      await instead(receipt(kept, draft.flag && draft.urgency === "urgent" ? agency.first : ""));
    } catch (error) {
      if (error instanceof CannotSeal && error.code === "attachment") {
        replace(problem, alert(t("page-not-saved"), t("page-attachment-gone")));
        return problem.scrollIntoView();
      }
      const broken = error instanceof Untrusted || error instanceof CannotSeal || error instanceof SuiteBroken;
      replace(problem, alert(t("page-not-saved"), broken ? t("page-desk-broken", { agency: agency.name, code: error.code }) : why("broken", "")));
      problem.scrollIntoView();
    }
  };
  return [
    h("h1", {}, t("page-preview")),
    danger && alert(agency.first, t("note-danger")),
    others && notice(t("page-case-not-yours", { code })),
    h("dl", { class: "facts" }, shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    ...parts.filter(([, text]) => text !== "").map(([name, text]) => h("section", {}, h("h2", {}, name), h("p", { class: "words-of-people" }, text))),
    clean(draft.summary) !== "" && h("section", {}, h("h2", {}, t("page-summary")), h("p", { class: "words-of-people" }, clean(draft.summary))),
    draft.attachments.length > 0 && h("section", {}, h("h2", {}, t("page-attach")), h("div", { class: "attached" }, draft.attachments.map((one) => shownOf(draft.id, one)))),
    problem,
    h("p", { class: "actions" }, button(t("page-seal"), go, "main"), button(t("page-change"), () => back(), "quiet")),
    h("p", { class: "hint" }, t("page-seal-hint")),
  ];
};

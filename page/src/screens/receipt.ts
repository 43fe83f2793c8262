/** What became of a note: kept, waiting on the device, or refused. */
import { api, type Kept, Problem } from "../api";
import type { Queued } from "../device";
import { now, person } from "../state";
import { reopened } from "../sending";
import { button, h, replace } from "../ui/dom";
import { redraw, say, type Screen, start } from "../ui/shell";
import { t, why } from "../ui/text";
import { alert, clock, notice } from "../ui/words";
import { amend, write } from "./write";

/** `first`: what comes before the note where it is urgent; else empty. */
export const receipt = (kept: Kept, first: string): Screen => () => {
  const { receipt: of, recipients_missing: missing } = kept;
  const place = h("div", {});
  return [
    h("h1", {}, t("page-receipt-title")),
    first !== "" && alert(first, t("page-urgent-reminder")),
    h("p", { class: "big-reference" }, of.reference),
    h("p", {}, t(of.flag_state ? "page-receipt-flagged" : "page-receipt")),
    missing > 0 && notice(t("page-receipt-missing")),
    place,
    undo(of.note_id, of.undo_until, place),
    h("p", { class: "actions" }, button(t("page-write-another"), () => start(write), "quiet")),
  ];
};

/** The undo button while its time lasts. */
export function undo(noteId: string, until: string | null, place: HTMLElement): HTMLElement {
  const left = until === null ? 0 : Date.parse(until) - now().getTime();
  const row = h("p", { class: "actions" });
  if (left <= 0 || until === null) return row;
  const take = async () => {
    try {
      await api.withdraw(noteId, person()?.token ?? "");
      row.remove();
      replace(place, notice(t("page-undone")));
      say(t("page-undone"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      replace(place, alert(t("page-not-undone"), why(error.code, error.say)));
    }
  };
  row.append(button(t("page-undo", { until: clock(until) }), take));
  setTimeout(() => row.remove(), left);
  return row;
}

export const notSent = (queued: Queued, problem: Problem): Screen => () => {
  if (problem.passes) {
    return [
      h("h1", {}, t("page-waits-title")),
      h("p", { class: "big-reference" }, queued.reference),
      h("p", {}, t(["session", "day-full"].includes(problem.code) ? `page-waits-${problem.code}` : "page-waits")),
      h("p", { class: "actions" }, button(t("page-write-another"), () => start(write), "quiet")),
    ];
  }
  return [h("h1", {}, t("page-not-saved")), refusal(queued, problem.code, problem.say)];
};

/** A note that the server will not take as it is, and the way back to its draft. */
export function refusal(queued: Queued, code: string, said: string): HTMLElement {
  const again = async () => {
    const draft = await reopened(queued);
    await start(draft?.amends ? amend(draft.amends, draft.agency) : write);
  };
  return alert(t("page-refused", { reference: queued.reference }), why(code, said), h("p", { class: "actions" }, button(t("page-reopen"), again)));
}

/** Called for each waiting note that is sent, and when one does not get through. */
export function heard(kept: Kept | null): void {
  if (kept === null) return;
  say(t("page-sent-later", { reference: kept.receipt.reference }));
  void redraw();
}

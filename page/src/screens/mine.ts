/** The author's receipts, and what waits on the device. No words: nobody reads a note back here, its author neither. */
import { api, Problem, type Receipt } from "../api";
import { waiting } from "../sending";
import { person } from "../state";
import { button, h } from "../ui/dom";
import { deeper, type Screen } from "../ui/shell";
import { t, why } from "../ui/text";
import { alert, moment, notice } from "../ui/words";
import { refusal, undo } from "./receipt";
import { amend } from "./write";

export const mine: Screen = async () => {
  const writer = person();
  if (writer === null) return [h("h1", {}, t("page-mine"))];
  const queued = (await waiting()).filter(({ author_ref }) => author_ref === writer.author_ref);
  const nodes: Node[] = [h("h1", {}, t("page-mine")), h("p", { class: "hint" }, t("page-mine-hint"))];
  for (const one of queued) {
    nodes.push(one.refused === "" ? notice(t("page-waiting-one", { reference: one.reference })) : refusal(one, one.refused, ""));
  }
  try {
    const { receipts } = await api.myNotes(writer.token);
    if (receipts.length === 0 && queued.length === 0) nodes.push(h("p", {}, t("page-mine-none")));
    nodes.push(h("ul", { class: "cards" }, receipts.map(card)));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    nodes.push(alert(t("page-not-loaded"), why(error.code, error.say)));
  }
  return nodes;
};

function card(one: Receipt): HTMLElement {
  const place = h("div", {});
  const open = () => deeper(amend({ id: one.amends ?? one.note_id, reference: one.reference }, one.agency));
  return h(
    "li",
    { class: "card" },
    h(
      "div",
      { class: "card-top" },
      h("strong", { class: "reference" }, one.reference),
      h("span", { class: "badge" }, t(`page-state-${one.state}`)),
      one.flag_state && h("span", { class: `badge state-${one.flag_state}` }, t(`page-flag-is`, { state: t(`page-flag-state-${one.flag_state}`) })),
    ),
    h("p", { class: "hint" }, moment(one.hour, "day")),
    place,
    undo(one.note_id, one.undo_until, place),
    one.state !== "withdrawn" && h("p", { class: "actions" }, button(t("page-amend"), open, "quiet")),
  );
}

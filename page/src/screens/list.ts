/** Flags and notes that this key may open, without a word of content. */
import { type Act, api, type Listed, Problem, type Status, type Urgency } from "../api";
import { serverKeys, takeServerKeys } from "../login";
import { spoken } from "../sealing/fingerprint";
import { known } from "../state";
import { button, field, h, replace, select } from "../ui/dom";
import { deeper, lockedBy, redraw, say, type Screen } from "../ui/shell";
import { t, why } from "../ui/text";
import { age, alert, badges, keyWords, notice } from "../ui/words";
import { noteScreen } from "./note";

const STATUSES: readonly Status[] = ["flagged", "open", "mine", "taken", "closed", "unflagged", "all"];
const ORDERS = ["urgency", "newest", "oldest"] as const;

// Kept while the page is open, so that coming back from a note shows the same list.
const filter = { status: "flagged" as Status, urgency: "" as Urgency | "", agency: "", order: "urgency" };

/** The note that a notice in the chat was about, or null: it is not there, or not for this key. */
async function wanted(reference: string): Promise<Listed | null> {
  const { notes } = await api.list({ reference }, known.reader?.token ?? "");
  return notes[0] ?? null;
}

async function showWanted(place: HTMLElement): Promise<void> {
  const reference = known.wanted;
  if (reference === null) return;
  try {
    const found = await wanted(reference);
    known.wanted = null;
    if (found) return await deeper(noteScreen(found));
    place.prepend(notice(t("page-note-not-there", { reference })));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (!lockedBy(error)) place.prepend(alert(t("page-not-opened"), why(error.code, error.say)));
  }
}

export const list: Screen = async () => {
  const told = h("div", {});
  void showWanted(told);
  const place = h("div", { "aria-live": "off" });
  const agencies = (known.reader?.session.agencies ?? []).filter(({ reads }) => reads);
  const pick = (name: keyof typeof filter, label: string, options: readonly { value: string; label: string }[]) =>
    field(label, select(options, filter[name], (value) => {
      Object.assign(filter, { [name]: value });
      void load(place, null);
    })).row;
  const urgencies = (known.config?.forms.urgencies ?? []).map((one) => ({ value: one as string, label: t(`urgency-${one}`) }));
  void load(place, null);
  return [
    h("h1", {}, t("page-list")),
    told,
    await newServerKeys(),
    known.reader?.session.key?.linked === false && notice(t("page-unlinked")),
    h(
      "form",
      { class: "filters", "aria-label": t("page-filters"), onsubmit: (event) => event.preventDefault() },
      pick("status", t("page-status"), STATUSES.map((one) => ({ value: one, label: t(`page-status-${one}`) }))),
      pick("urgency", t("page-fact-urgency"), [{ value: "", label: t("page-any") }, ...urgencies]),
      agencies.length > 1 &&
        pick("agency", t("page-agency"), [{ value: "", label: t("page-any") }, ...agencies.map(({ slug, name }) => ({ value: slug, label: name }))]),
      pick("order", t("page-order"), ORDERS.map((one) => ({ value: one, label: t(`page-order-${one}`) }))),
      button(t("page-refresh"), () => load(place, null), "quiet"),
    ),
    place,
  ];
};

/** How often a list was asked for anew: an answer to an earlier question comes too late. */
let asked = 0;

async function load(place: HTMLElement, after: string | null): Promise<void> {
  const turn = after === null ? (asked += 1) : asked;
  const query: Record<string, string> = { status: filter.status, order: filter.order };
  if (filter.urgency) query["urgency"] = filter.urgency;
  if (filter.agency) query["agency"] = filter.agency;
  if (after) query["after"] = after;
  try {
    const { notes, next } = await api.list(query, known.reader?.token ?? "");
    if (turn !== asked) return;
    const again = () => load(place, null);
    const cards = notes.map((one) => card(one, again));
    const more = next === null ? null : h("p", { class: "actions" }, button(t("page-more"), () => load(place, next), "quiet"));
    if (after) {
      place.querySelector(".actions.more")?.remove();
      place.querySelector("ul")?.append(...cards);
    } else replace(place, notes.length ? h("ul", { class: "cards" }, cards) : h("p", { class: "empty" }, t("page-list-empty")));
    if (more) {
      more.classList.add("more");
      place.append(more);
    }
    if (!after) say(t("page-list-count", { count: notes.length }));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (lockedBy(error) || turn !== asked) return;
    replace(place, alert(t("page-not-loaded"), why(error.code, error.say)));
  }
}

/** What is done without reading: once a note was read, its screen has all that can be done. */
const AT_ONCE: readonly Act[] = ["take", "work", "undo"];

function card(one: Listed, again: () => Promise<void>): HTMLElement {
  const problem = h("div", {});
  const act = async (which: Act) => {
    try {
      await api.act(one.flag?.note_id ?? one.note_id, which, {}, known.reader?.token ?? "");
      await again();
      say(t(`page-did-${which}`));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!lockedBy(error)) replace(problem, alert(t("page-not-done"), why(error.code, error.say)));
    }
  };
  const acts = one.acts
    .filter((which) => AT_ONCE.includes(which))
    .map((which) => named(button(t(`page-act-${which}`), () => act(which), "quiet"), t("page-act-of", { act: t(`page-act-${which}`), reference: one.reference })));
  const open = () => deeper(noteScreen(one));
  const names = known.reader?.session.agencies ?? [];
  const agency = names.length > 1 ? names.find(({ slug }) => slug === one.agency)?.name : null;
  const more = [
    age(one.flag?.raised_at ?? one.hour),
    agency,
    one.flag && one.flag.reference !== one.reference ? t("page-flag-of", { reference: one.flag.reference }) : null,
    one.flag?.owner ? t("page-owner", { handle: one.flag.owner }) : null,
    one.amendments ? t("page-amendments", { count: one.amendments }) : null,
    one.attachments ? t("page-attachments", { count: one.attachments }) : null,
    one.needs_reason ? t("page-wants-reason") : null,
  ].filter((text) => text !== null && text !== undefined);
  return h(
    "li",
    { class: `card${one.flag?.urgency === "urgent" && one.flag.state !== "closed" ? " card-urgent" : ""}` },
    h(
      "div",
      { class: "card-top" },
      h("strong", { class: "reference" }, one.reference),
      badges(one.flag),
    ),
    h("p", { class: "hint" }, more.join(" · ")),
    h("p", { class: "actions" }, named(button(t("page-open"), open), t("page-open-one", { reference: one.reference })), ...acts),
    problem,
  );
}

function named(made: HTMLButtonElement, label: string): HTMLButtonElement {
  made.setAttribute("aria-label", label);
  return made;
}

/** A key that signs notes on the server and is not known here: asked about, never taken in silence. */
async function newServerKeys(): Promise<Node | null> {
  const { unknown } = await serverKeys(known.reader?.session.server_keys ?? []);
  if (unknown.length === 0) return null;
  const take = async () => {
    await takeServerKeys(unknown);
    await redraw();
  };
  return alert(t("page-server-key"), t("page-server-key-text"), ...unknown.map(({ kid }) => keyWords(spoken(kid))), button(t("page-desk-words-match"), take));
}

/** What is around every screen: the way between screens, the lock, and what is said aloud. */
import type { Problem } from "../api";
import { logout, touch } from "../login";
import { stopSending } from "../sending";
import { forget, known, person } from "../state";
import { append, button, h, replace } from "./dom";
import { t } from "./text";
import { alert } from "./words";

/** What a screen shows; what is false is left out. */
export type Shown = readonly (Node | false | null)[];

/** Gives what it shows; the first heading gets the focus. */
export type Screen = () => Shown | Promise<Shown>;

const HIDDEN_MS = 5 * 60_000;
const IDLE_MS = 15 * 60_000;
const LOOK_MS = 5_000;
const TOUCH_MS = 5 * 60_000;
const REFERENCE = /[0-9A-Z]{4}-[0-9A-Z]{4}/;

const header = h("header", { class: "top" });
const live = h("p", { class: "sr-only", role: "status", "aria-live": "polite" });
const main = h("main", { id: "main", tabindex: "-1" });
const footer = h("footer", {});

let stack: Screen[] = [];
let tabs: () => readonly { label: string; screen: Screen }[] = () => [];
let locked: (why: string) => Screen;
let leaving: (() => unknown)[] = [];
let drawn = 0;

export function begin(options: {
  tabs: () => readonly { label: string; screen: Screen }[];
  locked: (why: string) => Screen;
  foot: () => Node[];
}): void {
  tabs = options.tabs;
  locked = options.locked;
  append(footer, options.foot());
  append(document.body, [h("a", { class: "skip", href: "#main", onclick: skip }, t("page-skip")), header, live, main, footer]);
  addEventListener("popstate", () => {
    if (stack.length > 1) stack.pop();
    void draw();
  });
  addEventListener("unhandledrejection", broke);
  addEventListener("error", broke);
  watch();
}

/** The address stays as it is: a fragment would stand in the history. */
function skip(event: Event): void {
  event.preventDefault();
  main.focus();
}

/** A first screen: nothing lies behind it. */
export function start(screen: Screen): Promise<void> {
  stack = [screen];
  return draw();
}

/** A screen that the back button leaves. */
export function deeper(screen: Screen): Promise<void> {
  stack.push(screen);
  history.pushState(null, "");
  return draw();
}

/** In place of the one that is shown. */
export function instead(screen: Screen): Promise<void> {
  stack[Math.max(stack.length - 1, 0)] = screen;
  return draw();
}

export function back(): void {
  if (stack.length > 1) history.back();
  else void draw();
}

export const redraw = (): Promise<void> => draw();

/** Called when the screen that is shown is left, locked or not. */
export const onLeave = (act: () => unknown): void => void leaving.push(act);

async function draw(): Promise<void> {
  leave();
  const turn = (drawn += 1);
  const screen = stack.at(-1)!;
  drawTop();
  replace(main, h("p", { class: "busy" }, t("page-busy")));
  const nodes: Shown = await Promise.resolve().then(screen).catch(() => {
    broke();
    return [h("h1", {}, t("page-not-loaded"))];
  });
  if (turn !== drawn) return; // another screen was asked for meanwhile
  replace(main, ...nodes);
  const heading = main.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
  // Titles stand in the browser's history: no reference of a note there.
  const title = heading?.textContent ?? "";
  document.title = title === "" || REFERENCE.test(title) ? t("page-name") : `${title} · ${t("page-name")}`;
  scrollTo(0, 0);
}

function leave(): void {
  const acts = leaving;
  leaving = [];
  acts.forEach((act) => act());
}

function drawTop(): void {
  const open = known.author !== null || known.reader !== null;
  const items = open ? tabs() : [];
  const who = person()?.handle ?? "";
  replace(
    header,
    h("div", { class: "bar" }, h("p", { class: "mark" }, t("page-name")), who && h("p", { class: "who" }, who), open && button(t("page-lock"), () => lock(""), "quiet")),
    items.length > 1 &&
      h(
        "nav",
        { "aria-label": t("page-menu") },
        items.map(({ label, screen }) => {
          const made = button(label, () => start(screen), "tab");
          if (stack[0] === screen) made.setAttribute("aria-current", "page");
          return made;
        }),
      ),
  );
}

/** What nobody foresaw: said on the screen, for a button that does nothing tells nobody anything. */
function broke(): void {
  const told = alert(t("page-broke"), t("page-problem-broken"));
  // After the screen that is being drawn, if one is.
  setTimeout(() => main.prepend(told), 0);
}

/** Says something to whoever does not look at the place where it changes. */
export function say(text: string): void {
  live.textContent = text;
}

// ---------------------------------------------------------------- the lock

let idleSince = Date.now();
let hiddenSince = 0;
let toldAt = Date.now();

function watch(): void {
  for (const sign of ["pointerdown", "keydown", "input", "scroll"]) {
    addEventListener(sign, () => (idleSince = Date.now()), { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hiddenSince = Date.now();
    else {
      lockIfDue();
      hiddenSince = 0;
    }
  });
  // Leaving the page, by the back button too, leaves nothing in the browser's memory of it.
  addEventListener("pagehide", () => void lock(""));
  setInterval(() => {
    lockIfDue();
    keepAwake();
  }, LOOK_MS);
}

/** Whoever writes or reads for long asks the server for nothing: it hears that they are here, as long as they are. */
function keepAwake(): void {
  if (idleSince <= toldAt || Date.now() - toldAt < TOUCH_MS) return;
  toldAt = Date.now();
  void touch();
}

function lockIfDue(): void {
  if (known.author === null && known.reader === null) return;
  if (hiddenSince > 0 && Date.now() - hiddenSince >= HIDDEN_MS) void lock(t("page-locked-hidden"));
  else if (Date.now() - idleSince >= IDLE_MS) void lock(t("page-locked-idle"));
}

/** A reader whose session the server has ended: locked at once. Whether it is so. */
export function lockedBy({ code }: Problem): boolean {
  if (code === "session") void lock(t("page-problem-session"));
  return code === "session";
}

/** Ends the sessions, drops the key, and clears the screen: at once, before anything is waited for. */
export function lock(why: string): Promise<void> {
  leave();
  drawn += 1;
  replace(main);
  stopSending();
  void logout(); // takes the tokens before they are forgotten
  forget();
  idleSince = Date.now();
  return start(locked(why));
}

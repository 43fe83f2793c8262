/** Small pieces that more than one screen shows. */
import type { Flag } from "../api";
import { now } from "../state";
import { h } from "./dom";
import { language, t } from "./text";

export const alert = (title: string, ...text: (string | Node)[]): HTMLElement =>
  h("div", { class: "alert", role: "alert" }, h("p", { class: "alert-title" }, title), text.map((one) => (typeof one === "string" ? h("p", {}, one) : one)));

export const notice = (...text: (string | Node)[]): HTMLElement =>
  h("div", { class: "notice" }, text.map((one) => (typeof one === "string" ? h("p", {}, one) : one)));

/** The words of a key, to be compared aloud. */
export const keyWords = (words: readonly string[]): HTMLElement =>
  h("ol", { class: "words" }, words.map((word) => h("li", {}, word)));

/** How long ago, roughly: `12 min`. */
export function age(since: string): string {
  const minutes = Math.max(0, Math.floor((now().getTime() - Date.parse(since)) / 60_000));
  if (minutes < 120) return t("page-age-minutes", { n: minutes });
  if (minutes < 60 * 48) return t("page-age-hours", { n: Math.floor(minutes / 60) });
  return t("page-age-days", { n: Math.floor(minutes / 1440) });
}

/** Days and times as Europe writes them. */
const locale = (): string => (language() === "en" ? "en-GB" : language());

export const clock = (at: string): string =>
  new Date(at).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** Day and time as they stand in a note, with the offset it was written with. */
export function moment(iso: string, precision: string | null): string {
  const wall = new Date(`${iso.slice(0, 19)}Z`);
  const day = wall.toLocaleDateString(locale(), { weekday: "short", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const time = iso.slice(11, 16);
  if (precision === "day") return day;
  return precision === "hour" ? t("page-about-time", { day, time }) : t("page-at-time", { day, time });
}

export function badges(flag: Flag | null): HTMLElement[] {
  if (flag === null) return [h("span", { class: "badge" }, t("page-no-flag"))];
  const state = h("span", { class: `badge state-${flag.state}` }, t(`page-flag-state-${flag.state}`));
  return [h("span", { class: `badge urgency-${flag.urgency}` }, t(`urgency-${flag.urgency}`)), state];
}

/** A bar that fills while a key is being derived. */
export function progressBar(label: string): { row: HTMLElement; set: (done: number) => void } {
  const bar = h("progress", { max: 1, value: 0, "aria-label": label });
  const row = h("div", { class: "progress" }, h("p", {}, label), bar);
  return { row, set: (done) => (bar.value = done) };
}

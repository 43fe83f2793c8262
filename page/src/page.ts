/** Where the page begins: what the address brought, what the server says of itself, and the first screen. */
import { api, Problem } from "./api";
import { keys } from "./device";
import { arrived, enter } from "./login";
import { knownAnswers } from "./sealing/known";
import { about, shortDigest } from "./screens/about";
import { device } from "./screens/enrol";
import { mine } from "./screens/mine";
import { heard } from "./screens/receipt";
import { read, unlock } from "./screens/unlock";
import { write } from "./screens/write";
import { sendWaiting, sweepDrafts, waiting } from "./sending";
import { known, person } from "./state";
import { button, h, replace } from "./ui/dom";
import { begin, deeper, type Screen, type Shown, start } from "./ui/shell";
import { speak, t, why } from "./ui/text";
import { alert, notice } from "./ui/words";

const arrival = arrived();

/** Nobody is logged in: how to get in, and what waits here. */
const outside =
  (why: string, problem = ""): Screen =>
  async () => {
    let before = why;
    const queued = await waiting();
    const kept = await keys.all();
    if (known.wanted !== null) before ||= t("page-note-wanted", { reference: known.wanted });
    const nodes: Shown = kept.length > 0 ? await unlock(before) : [h("h1", {}, t("page-welcome")), before !== "" && h("p", {}, before)];
    return [
      ...nodes,
      problem !== "" && alert(t("page-not-logged-in"), problem),
      queued.length > 0 && notice(t("page-waits-here", { count: queued.length })),
      h("section", {}, h("h2", {}, t("page-how-in")), h("p", {}, t("page-how-in-write")), kept.length === 0 && h("p", {}, t("page-how-in-read"))),
      kept.length === 0 && h("p", { class: "actions" }, button(t("page-have-key"), () => deeper(read), "quiet")),
    ];
  };

const tabs = () => {
  const who = person();
  const reads = known.reader !== null || (who?.agencies.some(({ role }) => role === "coordinator" || role === "supervisor") ?? false);
  return [
    ...(who?.agencies.length ? [{ label: t("page-tab-write"), screen: write }, { label: t("page-tab-mine"), screen: mine }] : []),
    ...(reads ? [{ label: t("page-tab-read"), screen: read }, { label: t("page-tab-device"), screen: device }] : []),
  ];
};

const foot = () => {
  const where = button(t("page-about"), () => deeper(about), "link");
  const online = h("p", { class: "offline", role: "status" });
  const show = () => replace(online, navigator.onLine ? "" : t("page-offline"));
  addEventListener("online", () => {
    show();
    void sendWaiting(heard);
  });
  addEventListener("offline", show);
  show();
  return [online, h("p", {}, where, shortDigest() && h("span", { class: "hint" }, ` ${t("page-bundle", { digest: shortDigest() })}`))];
};

async function run(): Promise<void> {
  speak(...navigator.languages);
  let problem = "";
  try {
    known.config = await api.config();
    await enter(arrival);
    speak(person()?.language ?? "", ...navigator.languages);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    problem = why(error.code, error.say);
  }
  begin({ tabs, locked: outside, foot });
  const able = await knownAnswers().then(
    () => true,
    () => false,
  );
  if (!able) return start(() => [h("h1", {}, t("page-welcome")), alert(t("page-too-old"), t("page-too-old-text"))]);
  if (known.config === null) return start(() => [h("h1", {}, t("page-welcome")), alert(t("page-not-loaded"), problem), button(t("page-again"), () => location.reload(), "main")]);
  void sendWaiting(heard);
  void sweepDrafts();
  const writes = (person()?.agencies.length ?? 0) > 0 && known.wanted === null;
  await start(known.author === null ? outside("", problem) : writes ? write : read);
  // A notice tapped while the page is open brings nothing but another fragment.
  addEventListener("hashchange", () => {
    const { note } = arrived();
    if (note === null) return;
    known.wanted = note;
    void start(known.author === null && known.reader === null ? outside("") : read);
  });
}

void run();

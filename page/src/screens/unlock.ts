/** Open a key that this device keeps, or one from a file, and log in with it. */
import { Problem } from "../api";
import { keys, type KeptKey } from "../device";
import { loginWith } from "../login";
import { type Bytes, hex, unhex } from "../sealing/bytes";
import { KeyFileError } from "../sealing/errors";
import { spoken } from "../sealing/fingerprint";
import { type About, aboutKeyFile, readKeyFile } from "../sealing/keyfile";
import type { OpeningKey } from "../sealing/suites";
import { known, person } from "../state";
import { button, field, h, replace, select } from "../ui/dom";
import { deeper, start, type Screen, type Shown } from "../ui/shell";
import { t, why } from "../ui/text";
import { alert, progressBar } from "../ui/words";
import { enrol } from "./enrol";
import { list } from "./list";

/** The list, once a key is open; until then how to open one. */
export const read: Screen = async () => (known.reader && known.key ? list() : unlock(""));

export async function unlock(before: string): Promise<Shown> {
  const kept = await keys.all();
  const mayEnrol = person()?.agencies.some(({ role }) => role === "coordinator" || role === "supervisor") ?? false;
  return [
    h("h1", {}, t(kept.length ? "page-unlock" : "page-read")),
    before !== "" && h("p", {}, before),
    kept.length > 0 && unlockKept(kept),
    kept.length === 0 && h("p", {}, t(mayEnrol ? "page-no-key" : "page-no-key-chat")),
    mayEnrol && h("p", { class: "actions" }, button(t("page-enrol"), () => deeper(enrol), kept.length ? "quiet" : "main")),
    h("details", {}, h("summary", {}, t("page-key-file")), fromFile()),
  ];
}

const passphraseField = () =>
  field(t("page-passphrase"), h("input", { type: "password", autocapitalize: "none" }), t("page-passphrase-hint"));

const kitField = () => field(t("page-kit-code"), h("input", { type: "text" }), t("page-kit-hint"));

/** 16 bytes as they are printed, in whatever grouping; null for anything else. */
export const kitCodeOf = (typed: string): Bytes | null => unhex(typed.toLowerCase().replace(/[^0-9a-z]/g, "").replaceAll("o", "0"), 16);

function unlockKept(kept: readonly KeptKey[]): Node {
  let chosen = kept[0]!;
  const named = ({ text, kid }: KeptKey) => `${aboutKeyFile(text).label} · ${spoken(unhex(kid, 16)!).slice(0, 3).join(" ")}`;
  const options = kept.map((one) => ({ value: one.kid, label: named(one) }));
  const which = kept.length > 1 && field(t("page-which-key"), select(options, chosen.kid, (kid) => (chosen = kept.find((one) => one.kid === kid)!)));
  const words = passphraseField();
  const kit = kitField();
  kit.row.hidden = true;
  const place = h("div", {});
  const open = async () => {
    const kitCode = chosen.kit === null ? null : (await keys.kitCode(chosen)) ?? kitCodeOf(kit.control.value);
    if (chosen.kit !== null && kitCode === null) {
      // The browser lost what it remembered of the kit: the printed one helps.
      kit.row.hidden = false;
      kit.wrong(t("page-kit-needed"));
      return kit.control.focus();
    }
    await opened(chosen.text, words.control.value, kitCode, place, words.wrong, null);
    words.control.value = "";
  };
  return form(open, which && which.row, which ? null : h("p", { class: "hint" }, options[0]!.label), words.row, kit.row, place, t("page-unlock-button"));
}

function fromFile(): Node {
  const file = field(t("page-file"), h("input", { type: "file", accept: ".key,.json,application/json" }));
  const words = passphraseField();
  const kit = kitField();
  const keep = h("input", { type: "checkbox", id: "keep-key" });
  keep.checked = true;
  const place = h("div", {});
  const rest = h("div", { hidden: true }, words.row, kit.row, h("div", { class: "choice" }, keep, h("label", { for: "keep-key" }, t("page-keep-key"))));
  let text = "";
  let about: About | null = null;
  file.control.addEventListener("change", () => {
    void (async () => {
      file.wrong("");
      text = (await file.control.files?.[0]?.text()) ?? "";
      try {
        about = aboutKeyFile(text);
        rest.hidden = !about.protected;
        kit.row.hidden = !about.kit;
      } catch {
        about = null;
        file.wrong(t("page-file-wrong"));
      }
    })();
  });
  const open = async () => {
    if (about === null) return file.wrong(t("page-file-wrong"));
    const kitCode = about.kit ? kitCodeOf(kit.control.value) : null;
    if (about.kit && kitCode === null) return kit.wrong(t("page-kit-needed"));
    // A key in clear, for demonstrations, is used and not kept: nothing in clear is ever written here.
    const keepIt = about.protected && keep.checked ? kitCode : undefined;
    const wrong = about.protected ? words.wrong : file.wrong;
    await opened(text, about.protected ? words.control.value : null, kitCode, place, wrong, keepIt === undefined ? null : { kit: keepIt });
    words.control.value = "";
  };
  return form(open, file.row, rest, place, t("page-unlock-button"));
}

function form(open: () => Promise<void> | void, ...parts: (Node | string | null | false)[]): Node {
  const label = parts.pop() as string;
  const go = button(label, open, "main");
  return h(
    "form",
    { class: "unlock", onsubmit: (event) => (event.preventDefault(), go.click()) },
    parts,
    h("p", { class: "actions" }, go),
    h("button", { type: "submit", hidden: true }),
  );
}

/** Derives, opens, logs in; says what went wrong where it can be mended. */
async function opened(
  text: string,
  passphrase: string | null,
  kitCode: Bytes | null,
  place: HTMLElement,
  wrong: (why: string) => void,
  keep: { kit: Bytes | null } | null,
): Promise<void> {
  wrong("");
  const bar = progressBar(t("page-deriving"));
  replace(place, bar.row);
  try {
    const { key, role } = await readKeyFile(text, passphrase, kitCode, bar.set);
    if (!("secret" in key) || !["coordinator", "supervisor"].includes(role)) return replace(place, alert(t("page-not-opened"), t("page-wrong-role")));
    if (keep) await keys.keep(hex(key.kid), text, keep.kit);
    await login(key);
  } catch (error) {
    replace(place);
    if (error instanceof KeyFileError) wrong(t(error.code === "passphrase" ? "page-wrong-passphrase" : "page-file-wrong"));
    else if (error instanceof Problem) replace(place, alert(t("page-not-logged-in"), why(error.code, error.say)));
    else throw error;
  }
}

async function login(key: OpeningKey): Promise<void> {
  await loginWith(key);
  await start(read);
}

/** Make a reader's key on this device: passphrase, key, words to compare, and the kit to be printed. */
import { holdOn, keys } from "../device";
import { hex, random } from "../sealing/bytes";
import { spoken } from "../sealing/fingerprint";
import { aboutKeyFile, KIT_CODE_BYTES, makeKeyFile, publicHalf } from "../sealing/keyfile";
import { passphrase } from "../sealing/passphrase";
import { dayOf, isLabel } from "../sealing/texts";
import type { Bytes } from "../sealing/bytes";
import { unhex } from "../sealing/bytes";
import { kitPdf, type Paragraph } from "../kit-pdf";
import { now, person } from "../state";
import { button, field, h, replace, saveFile } from "../ui/dom";
import { deeper, instead, type Screen, start } from "../ui/shell";
import { t } from "../ui/text";
import { alert, keyWords, notice, progressBar } from "../ui/words";
import { read } from "./unlock";

type ReaderRole = "coordinator" | "supervisor";

export const enrol: Screen = () => {
  const who = person();
  const roles = (who?.agencies ?? []).map(({ role }) => role);
  const role: ReaderRole = roles.includes("coordinator") ? "coordinator" : "supervisor";
  const name = field(t("page-label"), h("input", { type: "text", maxlength: 80 }), t("page-label-hint"));
  name.control.value = t("page-label-default", { handle: who?.handle ?? "" });
  const go = () => {
    const label = name.control.value.trim();
    if (!isLabel(label)) return name.wrong(t("page-label-wrong"));
    return instead(newPassphrase(role, label, passphrase()));
  };
  return [
    h("h1", {}, t("page-enrol")),
    h("ol", { class: "steps" }, [1, 2, 3].map((step) => h("li", {}, t(`page-enrol-step-${step}`)))),
    name.row,
    h("p", { class: "actions" }, button(t("page-next"), go, "main")),
  ];
};

const newPassphrase =
  (role: ReaderRole, label: string, words: string): Screen =>
  () => [
    h("h1", {}, t("page-new-passphrase")),
    h("p", {}, t("page-new-passphrase-text")),
    h("p", { class: "passphrase" }, words),
    h("p", { class: "actions" }, button(t("page-written-down"), () => instead(confirm(role, label, words)), "main")),
  ];

const confirm =
  (role: ReaderRole, label: string, words: string): Screen =>
  () => {
    const typed = field(t("page-type-passphrase"), h("input", { type: "text", autocapitalize: "none" }));
    const place = h("div", {});
    const make = async () => {
      typed.wrong("");
      if (typed.control.value.trim().toLowerCase().split(/\s+/).join(" ") !== words) {
        typed.wrong(t("page-passphrase-differs"));
        return typed.control.focus();
      }
      const bar = progressBar(t("page-making"));
      replace(place, bar.row);
      const kitCode = random(KIT_CODE_BYTES);
      const { text, key } = await makeKeyFile(role, label, dayOf(now()), words, kitCode, bar.set);
      await keys.keep(hex(key.kid), text, kitCode);
      void holdOn();
      await instead(made(text, kitCode));
    };
    return [
      h("h1", {}, t("page-type-passphrase-title")),
      typed.row,
      place,
      h("p", { class: "actions" }, button(t("page-make-key"), make, "main"), button(t("page-show-again"), () => instead(newPassphrase(role, label, words)), "quiet")),
    ];
  };

const made =
  (text: string, kitCode: Bytes): Screen =>
  () => [
    h("h1", {}, t("page-key-made")),
    ...aboutKey(text, kitCode),
    h("p", { class: "actions" }, button(t("page-done"), () => start(read), "main")),
  ];

/** Words, kit and files of a key; to be seen again later, for who lost the print. */
function aboutKey(text: string, kitCode: Bytes | null): Node[] {
  const about = aboutKeyFile(text);
  const words = spoken(unhex(about.kid, 16)!);
  const file = `integra-${about.role}-${about.kid.slice(0, 8)}`;
  const kit = () => saveFile(`${file}-kit.pdf`, "application/pdf", kitPdf(t("page-kit-title"), kitPages(about, words, kitCode!)));
  return [
    h("p", {}, t("page-key-words")),
    keyWords(words),
    h("ol", { class: "steps" }, [
      h("li", {}, t("page-step-kit"), h("p", { class: "actions" }, kitCode ? button(t("page-save-kit"), kit) : null, button(t("page-save-key"), () => saveFile(`${file}.key`, "application/json", text), "quiet"))),
      h("li", {}, t("page-step-public"), h("p", { class: "actions" }, button(t("page-save-public"), () => saveFile(`${file}.pub`, "application/json", publicHalf(text))))),
      h("li", {}, t("page-step-compare")),
    ]),
  ];
}

function kitPages(about: { role: string; label: string; created: string; kid: string }, words: string[], kitCode: Bytes): Paragraph[] {
  const groups = hex(kitCode).toUpperCase().match(/.{4}/g)!.join("-");
  return [
    { style: "title", text: t("page-kit-title") },
    { style: "text", text: t("page-kit-what") },
    { style: "heading", text: t("page-kit-code") },
    { style: "code", text: groups },
    { style: "heading", text: t("page-kit-key") },
    { style: "text", text: `${about.label} · ${about.role} · ${about.created}` },
    { style: "text", text: t("page-kit-id", { kid: about.kid }) },
    { style: "heading", text: t("page-kit-words") },
    { style: "code", text: words.join(" ") },
    { style: "heading", text: t("page-kit-lost-title") },
    { style: "text", text: t("page-kit-lost") },
    { style: "heading", text: t("page-kit-passphrase-title") },
    { style: "text", text: t("page-kit-passphrase") },
  ];
}

/** The keys of this device: shown again, or taken off it. */
export const device: Screen = async () => {
  const kept = await keys.all();
  return [
    h("h1", {}, t("page-device")),
    kept.length === 0 ? h("p", {}, t("page-device-none")) : notice(t("page-device-hint")),
    ...(await Promise.all(
      kept.map(async (one) => {
        const place = h("div", {});
        const show = async () => replace(place, ...aboutKey(one.text, await keys.kitCode(one)));
        const forgetIt = async () => {
          await keys.forget(one.kid);
          await instead(device);
        };
        const forget = () => replace(place, alert(t("page-forget-sure"), t("page-forget-text"), h("p", { class: "actions" }, button(t("page-forget-yes"), forgetIt, "danger"))));
        const about = aboutKeyFile(one.text);
        return h(
          "section",
          { class: "card" },
          h("h2", {}, about.label),
          h("p", { class: "hint" }, spoken(unhex(one.kid, 16)!).join(" ")),
          h("p", { class: "actions" }, button(t("page-show-key"), show, "quiet"), button(t("page-forget"), forget, "quiet")),
          place,
        );
      }),
    )),
    h("p", { class: "actions" }, button(t("page-enrol"), () => deeper(enrol), "quiet")),
  ];
};

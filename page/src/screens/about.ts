/** What this page is, and how to tell that it is the one that was released. */
import { known } from "../state";
import { bytes, hex } from "../sealing/bytes";
import { h, replace } from "../ui/dom";
import type { Screen } from "../ui/shell";
import { t } from "../ui/text";

const FILES = ["icon.svg", "index.html", "licences.txt", "page.css", "page.js"];

export const about: Screen = () => {
  const place = h("p", { class: "digest" }, t("page-busy"));
  void digest().then(
    (found) => replace(place, h("code", {}, found.match(/.{8}/g)!.join(" "))),
    () => replace(place, t("page-digest-offline")),
  );
  return [
    h("h1", {}, t("page-about")),
    ...["page-about-seal", "page-about-read", "page-about-device", "page-about-limits"].map((key) => h("p", {}, t(key))),
    h("h2", {}, t("page-digest")),
    h("p", {}, t("page-digest-text")),
    place,
    h("p", {}, h("a", { href: "/licences.txt", rel: "noreferrer" }, t("page-licences"))),
  ];
};

/** SHA-256 of what `sha256sum` prints for the files this page was loaded from. */
export async function digest(): Promise<string> {
  const lines = [];
  for (const name of FILES) {
    const answer = await fetch(`/${name}`, { credentials: "omit", cache: "no-store" });
    if (!answer.ok) throw new Error(name);
    lines.push(`${hex(bytes(await crypto.subtle.digest("SHA-256", await answer.arrayBuffer())))}  ${name}\n`);
  }
  return hex(bytes(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines.join("")))));
}

export const shortDigest = (): string => known.config?.bundle?.sha256.slice(0, 8) ?? "";

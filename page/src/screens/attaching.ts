/** Photos and voice messages of a draft: cleaned, locked on the device, shown, taken out again. As in dialogues/attaching.py. */
import { attachments } from "../device";
import { type Attachment, MEDIA_TYPES, MOST_NUMBERED } from "../note/draft";
import { cleanedPhoto } from "../note/photo";
import { cleanedVoice } from "../note/voice";
import { bytes, type Bytes } from "../sealing/bytes";
import { known } from "../state";
import { button, h, replace } from "../ui/dom";
import { onLeave, say } from "../ui/shell";
import { t } from "../ui/text";

type Kind = Attachment["kind"];

/** What the form knows of its attachments, and how it hears of a change. */
export interface Attaching {
  readonly note: string;
  attached(): readonly Attachment[];
  numbered(): number;
  change(attached: readonly Attachment[], numbered: number): void;
}

/** Buttons to add some, and what is there. */
export function attachmentField(of: Attaching): HTMLElement {
  const problem = h("p", { class: "wrong", role: "status" });
  const list = h("ul", { class: "attached" });
  const draw = () => replace(list, of.attached().map((one) => h("li", {}, shownOf(of.note, one), h("p", { class: "actions" }, takeOut(one)))));
  const takeOut = (one: Attachment) => {
    const made = button(t("page-attachment-take-out"), async () => {
      of.change(of.attached().filter(({ number }) => number !== one.number), of.numbered());
      await attachments.forget(of.note, one.number);
      draw();
    }, "quiet");
    made.setAttribute("aria-label", `${t("page-attachment-take-out")}: ${nameOf(one)}`);
    return made;
  };
  const add = async (kind: Kind, file: File) => {
    problem.textContent = "";
    const said = await taken(of, kind, file);
    if (typeof said === "string") problem.textContent = said;
    else say(t("page-attachment-added", { what: nameOf(said) }));
    draw();
  };
  draw();
  return h(
    "section",
    { class: "attaching" },
    h("h2", {}, t("page-attach")),
    h("p", { class: "hint" }, t("page-attach-hint", { most: known.config?.limits.attachments ?? 0 })),
    list,
    problem,
    h(
      "p",
      { class: "actions" },
      chooser(t("page-attach-camera"), { accept: "image/*", capture: "environment" }, (file) => add("photo", file)),
      chooser(t("page-attach-photo"), { accept: "image/*" }, (file) => add("photo", file)),
      chooser(t("page-attach-voice"), { accept: "audio/ogg,.ogg,.oga,.opus" }, (file) => add("voice", file)),
    ),
  );
}

function chooser(label: string, how: Record<string, string>, chosen: (file: File) => Promise<void>): Node {
  const input: HTMLInputElement = h("input", { type: "file", hidden: true, "aria-label": label, ...how });
  const made = button(label, () => input.click(), "quiet");
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = ""; // the same file may be chosen again
    if (!file) return;
    made.setAttribute("aria-disabled", "true");
    void chosen(file).finally(() => made.removeAttribute("aria-disabled"));
  });
  return h("span", {}, made, input);
}

/** The attachment once it is kept; or why it is not taken. */
async function taken(of: Attaching, kind: Kind, file: File): Promise<Attachment | string> {
  const most = known.config?.limits;
  if (!most || of.attached().length >= most.attachments || of.numbered() >= MOST_NUMBERED) return t("note-media-full", { most: most?.attachments ?? 0 });
  if (kind === "voice" && file.size > most.attachment_bytes) return t("note-voice-too-large");
  const content = kind === "photo" ? await cleanedPhoto(file, most.attachment_bytes) : cleanedVoice(bytes(await file.arrayBuffer()));
  if (content === null) return t(`page-${kind}-unusable`);
  const one: Attachment = { number: of.numbered() + 1, kind, size: content.length };
  await attachments.keep(of.note, one.number, content);
  of.change([...of.attached(), one], one.number);
  return one;
}

const nameOf = ({ kind, size }: Attachment): string => t(kind === "photo" ? "page-attached-photo" : "page-attached-voice", { size: Math.max(1, Math.round(size / 1024)) });

/** The picture or the sound itself, to be looked over. */
export function shownOf(note: string, one: Attachment): HTMLElement {
  const place = h("figure", {}, h("figcaption", { class: "hint" }, nameOf(one)));
  void attachments.of(note, one.number).then((content) => {
    if (content === null) return;
    const url = URL.createObjectURL(new Blob([content satisfies Bytes], { type: MEDIA_TYPES[one.kind] }));
    onLeave(() => URL.revokeObjectURL(url));
    place.prepend(one.kind === "photo" ? h("img", { src: url, alt: t("page-photo-alt") }) : h("audio", { controls: true, src: url }));
  });
  return place;
}

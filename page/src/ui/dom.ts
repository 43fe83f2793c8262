/** Builds what is on the screen, node by node: text is only ever text. */

type Child = Node | string | null | undefined | false | readonly Child[];
type Listener = (event: Event) => unknown;
type Properties = Record<string, string | number | boolean | null | undefined | Listener>;

/** An element; `on…` properties listen, `true` sets an attribute without value, false and null leave it out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (tag === "textarea" || tag === "input") {
    // A browser's spell checker or writing help may send what is typed to its maker.
    element.setAttribute("spellcheck", "false");
    element.setAttribute("writingsuggestions", "false");
    element.setAttribute("autocomplete", "off");
  }
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

export function append(to: Node, children: readonly Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(to, child);
    else if (typeof child === "string") to.appendChild(document.createTextNode(child));
    else if (child) to.appendChild(child as Node);
  }
}

export const replace = (place: Element, ...children: Child[]): void => {
  place.replaceChildren();
  append(place, children);
};

let counted = 0;
export const newId = (): string => `i${(counted += 1)}`;

/** A labelled control with a hint and a place for what is wrong. */
export interface Field<Control extends HTMLElement> {
  readonly row: HTMLElement;
  readonly control: Control;
  /** Empty: nothing is wrong. */
  wrong(why: string): void;
  hint(text: string): void;
}

export function field<Control extends HTMLElement>(label: string, control: Control, hint = ""): Field<Control> {
  const id = control.id || newId();
  control.id = id;
  const hinted = h("p", { class: "hint", id: `${id}-hint` }, hint);
  const problem = h("p", { class: "wrong", id: `${id}-wrong` });
  control.setAttribute("aria-describedby", `${id}-hint ${id}-wrong`);
  const row = h("div", { class: "field" }, h("label", { for: id }, label), hinted, control, problem);
  return {
    row,
    control,
    wrong(why) {
      problem.textContent = why;
      if (why === "") control.removeAttribute("aria-invalid");
      else control.setAttribute("aria-invalid", "true");
    },
    hint(text) {
      hinted.textContent = text;
    },
  };
}

/**
 * Later, by as long as a tap takes: what appears as a field is left would move the button that is being pressed away from
 * under the finger.
 */
export const afterTap = (act: () => void): void => void setTimeout(act, 300);

/** One of several, as radio buttons. */
export function choices(
  legend: string,
  name: string,
  options: readonly { readonly value: string; readonly label: string }[],
  chosen: string,
  pick: (value: string) => void,
): HTMLFieldSetElement {
  return h(
    "fieldset",
    { class: "choices" },
    h("legend", {}, legend),
    options.map(({ value, label }) => {
      const id = newId();
      const input = h("input", { type: "radio", name, id, value, onchange: () => pick(value) });
      input.checked = value === chosen;
      return h("div", { class: "choice" }, input, h("label", { for: id }, label));
    }),
  );
}

export function select(
  options: readonly { readonly value: string; readonly label: string }[],
  chosen: string,
  pick: (value: string) => void,
): HTMLSelectElement {
  const control: HTMLSelectElement = h("select", { onchange: () => pick(control.value) }, options.map(({ value, label }) => h("option", { value }, label)));
  control.value = chosen;
  return control;
}

/** A button that cannot be pressed twice while what it began goes on. */
export function button(label: string, press: () => unknown, kind = ""): HTMLButtonElement {
  const made = h("button", { type: "button", class: kind || null }, label);
  made.addEventListener("click", () => {
    if (made.getAttribute("aria-disabled") === "true") return;
    made.setAttribute("aria-disabled", "true");
    void Promise.resolve(press()).finally(() => made.removeAttribute("aria-disabled"));
  });
  return made;
}

/** Saves bytes as a file on the device. */
export function saveFile(name: string, type: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = h("a", { href: url, download: name });
  document.body.appendChild(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The phrases, from the same Fluent files as the chat's. */
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import texts from "phrases";

const FALLBACK = "en";
let spoken = FALLBACK;
const bundles = new Map<string, FluentBundle>();

function bundleOf(language: string): FluentBundle {
  const made = bundles.get(language) ?? new FluentBundle(language, { useIsolating: false });
  if (!bundles.has(language)) {
    made.addResource(new FluentResource(texts[language] ?? ""));
    bundles.set(language, made);
  }
  return made;
}

/** The first of these languages that there are phrases in; else English. */
export function speak(...wanted: readonly string[]): void {
  const named = wanted.flatMap((one) => [one, one.split("-")[0]!]);
  spoken = named.find((one) => one in texts) ?? FALLBACK;
  document.documentElement.lang = spoken;
}

export const language = (): string => spoken;

/** A phrase. What is put in is never read as a phrase. */
export function t(key: string, values: Record<string, FluentVariable> = {}): string {
  for (const name of [spoken, FALLBACK]) {
    const bundle = bundleOf(name);
    const pattern = bundle.getMessage(key)?.value;
    if (pattern) return bundle.formatPattern(pattern, values);
  }
  return key;
}

/** Whether there is such a phrase. */
export const has = (key: string): boolean => [spoken, FALLBACK].some((name) => Boolean(bundleOf(name).getMessage(key)?.value));

/** Why the server refused, in plain words: our own where we have them, else its sentence. */
export const why = (code: string, say: string): string => (has(`page-problem-${code}`) ? t(`page-problem-${code}`) : say || t("page-problem-broken"));

/** The danger finder of a language, fetched when a form is first shown; without it the form's first line has to do. */
import { api, Problem } from "../api";
import { DangerFinder } from "./finder";

const AGAIN_MS = 20_000;
const finders = new Map<string, DangerFinder>();
const tried = new Map<string, number>();

/** Null: it is not here yet. The next question tries again. */
export async function finderOf(language: string): Promise<DangerFinder | null> {
  const found = finders.get(language);
  if (found) return found;
  if (Date.now() - (tried.get(language) ?? -Infinity) < AGAIN_MS) return null;
  tried.set(language, Date.now());
  try {
    finders.set(language, new DangerFinder(await api.danger(language)));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "unknown") tried.set(language, Infinity); // the server has nothing for it
  }
  return finders.get(language) ?? null;
}

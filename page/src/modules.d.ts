declare module "*.txt" {
  const text: string;
  export default text;
}

/** Texts in Fluent by language, made by build.js from guidance/content. */
declare module "phrases" {
  const texts: Record<string, string>;
  export default texts;
}

/** Lists of words that stand in a Python file, read by build.js, so that page and chat cannot differ. */
declare module "python:storage/sealing/fingerprint.py" {
  export const WORD_LIST: readonly string[];
}

declare module "python:dialogues/identifying.py" {
  export const PARTICLES: readonly string[];
  export const TITLES: readonly string[];
  export const ROLES: readonly string[];
  export const KIN: readonly string[];
  export const SAINTS: readonly string[];
  export const BEFORE_AN_INITIAL: readonly string[];
  export const EVERYDAY: readonly string[];
  export const STARTERS: readonly string[];
  export const FIRST_NAMES: readonly string[];
}

/** Read an agency's case codes with forgiveness, as dialogues/case_code.py does: a name never passes for a code. */

const DIGITS = "0123456789";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SYMBOLS = DIGITS + LETTERS; // in this order: the values 0 to 35 of ISO/IEC 7064
const SEPARATORS = "-./_ ";
const TO_LETTER: Record<string, string> = { "0": "O", "1": "I" };
const TO_DIGIT: Record<string, string> = { O: "0", I: "1", L: "1" };
// What a Greek or Cyrillic keyboard gives for letters that look like Latin ones.
const LOOK_ALIKES: [string, string] = ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТХУІЅЈ", "ABEZHIKMNOPTYXABEKMHOPCTXYISJ"];
const LEADING_WORDS = /^(?:(?:case|code|number|no|nr|ref|id)(?![\p{L}\p{N}_])[\s.:#]*)+/u;
const SAID_BETWEEN = /[\s\-‐‑‒–—―−./_:#]+/g;

export type CaseProblem = "empty" | "name" | "short" | "long" | "place" | "character" | "check";

/** The check character of ISO/IEC 7064, MOD 37,36. */
function checkCharacter(symbols: string): string {
  let product = 36;
  for (const symbol of symbols) product = (((product + SYMBOLS.indexOf(symbol)) % 36 || 36) * 2) % 37;
  return SYMBOLS[(37 - product) % 36]!;
}

export class CasePattern {
  private readonly checked: boolean;
  private readonly body: string;
  private readonly places: string[];

  /** `pattern`: A for a letter, 9 for a digit, a last c for the check character; all else stands for itself. */
  constructor(pattern: string) {
    this.checked = pattern.endsWith("c");
    this.body = this.checked ? pattern.slice(0, -1) : pattern;
    this.places = [...this.body].filter((sign) => SYMBOLS.includes(sign));
  }

  /** A valid code, always the same. */
  example(): string {
    let [letter, digit] = [0, 1];
    return this.written(
      this.places.map((sign) => (sign === "A" ? LETTERS[letter++ % 26]! : sign === "9" ? DIGITS[digit++ % 10]! : sign)),
    );
  }

  /** The code somebody meant, as the pattern writes it; or why it is none. */
  read(text: string): { code: string } | { problem: CaseProblem } {
    const typed = text.normalize("NFKC").toLowerCase().trim().replace(LEADING_WORDS, "");
    const upper = Array.from(typed, oneCapital).join("");
    const symbols = upper.replace(SAID_BETWEEN, "");
    if (symbols === "") return { problem: "empty" };
    if (this.isLikeAName(upper)) return { problem: "name" };
    if ([...symbols].some((symbol) => !SYMBOLS.includes(symbol))) return { problem: "character" };
    const wanted = this.places.length + Number(this.checked);
    if (symbols.length !== wanted) return { problem: symbols.length < wanted ? "short" : "long" };
    const meant = this.places.map((place, at) => meantBy(symbols[at]!, place));
    if (meant.includes(null)) return { problem: "place" };
    const code = this.written(meant as string[]);
    const last = symbols.at(-1)!;
    if (this.checked && ![last, TO_LETTER[last], TO_DIGIT[last]].includes(code.at(-1)!)) return { problem: "check" };
    return { code };
  }

  private isLikeAName(upper: string): boolean {
    // Without one true digit no slip is forgiven: "Olio" must not become O110.
    const runs = upper.match(/\p{L}+/gu) ?? [];
    if (!/[0-9]/.test(upper)) return runs.join("").length >= 2;
    const longest = Math.max(3, ...(this.body.match(/[A-Z9]+/g) ?? []).map((run) => run.length));
    return runs.some((run) => run.length > longest);
  }

  private written(symbols: string[]): string {
    const given = [...symbols];
    const body = Array.from(this.body, (sign) => (SEPARATORS.includes(sign) ? sign : given.shift()!)).join("");
    return this.checked ? body + checkCharacter(symbols.join("")) : body;
  }
}

function oneCapital(character: string): string {
  const capital = character.toUpperCase();
  const one = capital.length === 1 ? capital : character;
  const at = LOOK_ALIKES[0].indexOf(one);
  return at < 0 ? one : LOOK_ALIKES[1][at]!;
}

/** The symbol this place asks for, slips forgiven; null when it does not fit. */
function meantBy(symbol: string, place: string): string | null {
  if (place === "A") return LETTERS.includes(symbol) ? symbol : (TO_LETTER[symbol] ?? null);
  if (place === "9") return DIGITS.includes(symbol) ? symbol : (TO_DIGIT[symbol] ?? null);
  return [symbol, TO_LETTER[symbol], TO_DIGIT[symbol]].includes(place) ? place : null;
}

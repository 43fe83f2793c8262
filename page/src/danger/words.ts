/** What somebody typed, made comparable, as guidance/normal.py and guidance/alphabets.py do it. */
import type { Alphabet, Normal } from "./told";

const MOST_WORD = 40;
const APOSTROPHES = /[’‘ʼ`´′＇]/g;
const WORD = /[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu;
const LETTERS = /\p{L}+/gu;
// What Python calls a space: also the separators of ASCII, and not the byte order mark.
const SPACES = /[\s\x1c-\x1f\x85]+/g;
const FOREIGN = /[\u0370-\u052f\u1f00-\u1fff]/;

export const cut = (text: string, most: number): string => (text.length <= most ? text : Array.from(text).slice(0, most).join(""));

export class Words {
  private readonly others: ReadonlyMap<string, string>;
  private readonly hyphen: RegExp | null;

  /** `most`: characters read of a text. */
  constructor(
    private readonly normal: Normal,
    private readonly language: string,
    private readonly most: number,
  ) {
    this.others = new Map(Object.entries(normal.letters));
    this.hyphen = normal.hyphen && new RegExp(normal.hyphen[0], "gu");
  }

  /** In small letters without accents, invisible characters or doubled spaces; `own`: look-alikes go into the language's letters. */
  folded(text: string, own = false): string {
    let found = cut(text, this.most).replace(APOSTROPHES, "'");
    if (own && this.language === "nl") found = found.replaceAll("ÿ", "ij").replaceAll("Ÿ", "IJ");
    found = this.unmixed(bare(cut(found.normalize("NFKC"), this.most)), own);
    const small = Array.from(lowered(found), (letter) => this.others.get(letter) ?? letter).join("");
    found = bare(cut(small.normalize("NFKC"), this.most));
    return cut(found.replace(APOSTROPHES, "'").replace(SPACES, " ").trim(), this.most);
  }

  /** The words of a text, folded, in order, with short forms written out. */
  of(text: string): string[] {
    const { short_forms: short, elided, suffixes, hyphen } = this.normal;
    let whole = this.folded(text, true);
    if (this.hyphen) whole = whole.replace(this.hyphen, hyphen![1]);
    const found: string[] = [];
    for (const [matched] of whole.matchAll(WORD)) {
      const word = cut(matched, MOST_WORD).replace(/'+$/, "");
      const joined = word.replaceAll("'", "");
      const written = own(short, word) ?? own(short, joined);
      const [head = "", ...rest] = word.split("'");
      const tail = rest.join("");
      if (written !== undefined) found.push(...written.split(" "));
      else if (rest.length === 0) found.push(word);
      else if (own(suffixes, tail) !== undefined && head !== "") found.push(head, ...suffixes[tail]!.split(" ").filter(Boolean));
      else if (own(elided, head) !== undefined) found.push(...elided[head]!.split(" ").filter(Boolean), own(short, tail) ?? tail);
      else found.push(joined);
    }
    return found;
  }

  private unmixed(text: string, own: boolean): string {
    if (!FOREIGN.test(text)) return text;
    const latin = this.normal.alphabet === "latin";
    if (!(own && latin) && !/[A-Za-z]/.test(text)) return text;
    return text.replace(LETTERS, (word) => this.inOneAlphabet(word, own));
  }

  private inOneAlphabet(word: string, own: boolean): string {
    const counts = new Map<Alphabet, number>();
    for (const letter of word) {
      const alphabet = alphabetOf(letter);
      if (alphabet) counts.set(alphabet, (counts.get(alphabet) ?? 0) + 1);
    }
    if (counts.size < 2 && !(own && this.normal.alphabet === "latin" && !counts.has("latin"))) return word;
    const rank = ([alphabet, count]: [Alphabet, number]) => count * 2 + Number(alphabet === "latin");
    const most = [...counts].reduce((best, one) => (rank(one) > rank(best) ? one : best), ["latin", -1] as [Alphabet, number])[0];
    return (own && this.into(this.normal.alphabet, word)) || this.into(most, word) || word;
  }

  /** Empty where a letter has no look-alike there. */
  private into(alphabet: Alphabet, word: string): string {
    const { [alphabet]: there, latin } = this.normal.look_alikes;
    let written = "";
    for (const letter of word) {
      const is = alphabetOf(letter);
      const other = is === alphabet || is === null ? letter : (own(there, letter) ?? own(there, own(latin, letter) ?? "") ?? "");
      if (other === "") return "";
      written += other;
    }
    return written;
  }
}

const own = (table: Readonly<Record<string, string>>, key: string): string | undefined => (Object.hasOwn(table, key) ? table[key] : undefined);

/** As Python folds case: the final sigma is a sigma, the sharp s is two. */
const lowered = (text: string): string => text.toLowerCase().replace(/ς/g, "σ").replace(/ß/g, "ss").replace(/ſ/g, "s");

/** Without combining marks, control and format characters; every kind of space a blank; composed. */
const bare = (text: string): string => text.normalize("NFD").replace(SPACES, (spaces) => " ".repeat(spaces.length)).replace(/[\p{Mn}\p{C}]/gu, "").normalize("NFC");

function alphabetOf(letter: string): Alphabet | null {
  if (letter < "\u0370") return /\p{L}/u.test(letter) ? "latin" : null;
  if (letter <= "\u03ff" || ("\u1f00" <= letter && letter <= "\u1fff")) return "greek";
  return letter <= "\u052f" ? "cyrillic" : null;
}

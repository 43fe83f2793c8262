/** Hears the phrases that writers listed, by the rules of guidance/danger_phrases.py, where each is explained. */
import { Speller } from "./speller";
import { listed, type PhrasesTold } from "./told";
import type { Words } from "./words";

const SENTENCE = /[.!?;\n…]+/u;
const ABOUT_TO = /\babout to\b/g;
const COMMA = /[,:()–—]+|(?<![\p{L}\p{N}_])but(?![\p{L}\p{N}_])/u;

interface Pattern {
  readonly parts: readonly ReadonlySet<string>[];
  readonly negated: boolean;
}

/** What in a sentence calls matches off. */
interface Around {
  readonly off: boolean;
  readonly topic: boolean;
  readonly question: boolean;
}

export class PhraseFinder {
  private readonly sets: Record<keyof PhrasesTold["sets"], ReadonlySet<string>>;
  private readonly searched: Record<keyof PhrasesTold["searched"], RegExp>;
  private readonly base: ReadonlyMap<string, string>;
  private readonly speller: Speller;
  private readonly starts = new Map<string, Pattern[]>();

  constructor(
    private readonly told: PhrasesTold,
    private readonly words: Words,
    private readonly characters: number,
  ) {
    this.sets = each(told.sets, listed);
    this.searched = each(told.searched, (pattern) => new RegExp(pattern, "gu"));
    this.base = new Map(Object.entries(told.base));
    this.speller = new Speller(told.speller);
    const [parts, negated] = [told.parts.map(listed), new Set(told.negated)];
    told.patterns.forEach((numbers, at) => {
      const pattern = { parts: numbers.map((number) => parts[number]!), negated: negated.has(at) };
      for (const word of pattern.parts[0]!) this.starts.set(word, [...(this.starts.get(word) ?? []), pattern]);
    });
  }

  hears(text: string): boolean {
    const cleaned = this.words.folded(Array.from(text).slice(0, this.characters).join("").replaceAll("\n", ". "));
    return cleaned.split(SENTENCE).some((sentence) => {
      const plain = sentence.replace(ABOUT_TO, "will").replace(this.searched.idioms, " ");
      const tokens: string[] = [];
      const clauses: number[] = [];
      plain.split(COMMA).forEach((piece, clause) => {
        for (const [word, base] of this.mended(this.words.of(piece))) {
          if (this.sets.dropped.has(word) || tokens.length >= this.told.tokens) continue;
          tokens.push(base);
          clauses.push(clause);
        }
      });
      return tokens.length > 0 && this.heard(plain, tokens, clauses);
    });
  }

  /** Words with their base forms, slips repaired. */
  private *mended(typed: readonly string[]): Generator<readonly [string, string]> {
    for (const word of typed) {
      const base = this.baseOf(word);
      if (this.sets.known.has(base)) yield [word, base];
      else for (const right of this.speller.repaired(word)) yield [right, right === word ? base : this.baseOf(right)];
    }
  }

  private baseOf(word: string): string {
    const irregular = this.base.get(word);
    if (irregular !== undefined) return irregular;
    if (this.sets.person.has(word)) return word;
    for (const [ending, instead] of this.told.endings) {
      if (word.endsWith(ending) && !word.endsWith("ss") && word.length - ending.length >= 3) {
        let stem = word.slice(0, word.length - ending.length) + instead;
        if (stem.length > 3 && stem.at(-1) === stem.at(-2) && !"sl".includes(stem.at(-1)!)) stem = stem.slice(0, -1);
        return stem.length > 3 ? withoutE(stem) : stem;
      }
    }
    return word.length > 3 ? withoutE(word) : word;
  }

  private heard(sentence: string, tokens: readonly string[], clauses: readonly number[]): boolean {
    let around: Around | undefined;
    return tokens.some((token, start) =>
      (this.starts.get(token) ?? []).some((pattern) => {
        const places = this.places(tokens, start, pattern.parts);
        if (places === null) return false;
        around ??= this.around(sentence);
        return !this.calledOff(around, tokens, clauses, places, pattern);
      }),
    );
  }

  /** Where the parts stand, nearest places first, no way back. */
  private places(tokens: readonly string[], start: number, parts: readonly ReadonlySet<string>[]): number[] | null {
    const places = [start];
    for (const part of parts.slice(1)) {
      const last = places.at(-1)!;
      let at = last + 1;
      while (at <= last + 1 + this.told.between && at < tokens.length && !part.has(tokens[at]!)) at += 1;
      if (at > last + 1 + this.told.between || at >= tokens.length) return null;
      places.push(at);
    }
    return places;
  }

  private finds(name: keyof PhrasesTold["searched"], text: string): boolean {
    const pattern = this.searched[name];
    pattern.lastIndex = 0;
    return pattern.test(text);
  }

  private around(sentence: string): Around {
    const over = this.finds("past", sentence) && !this.words.of(sentence).some((word) => this.sets.present.has(word));
    const asks = this.finds("asking", sentence) && !this.finds("urgent", sentence);
    const subject = this.words.of(sentence.replace(this.searched.at_a_topic, " "));
    return {
      off: over || this.finds("generic", sentence) || (asks && !this.finds("definite", sentence)),
      topic: subject.some((word) => this.sets.topic.has(word)),
      question: this.finds("question", sentence),
    };
  }

  private calledOff(around: Around, tokens: readonly string[], clauses: readonly number[], places: readonly number[], { negated }: Pattern): boolean {
    if (around.off) return true;
    const [first, last] = [places[0]!, places.at(-1)!];
    if (!negated) {
      for (let at = Math.max(0, first - 2); at < Math.max(last, first); at += 1) {
        if (this.sets.negation.has(tokens[at]!) && clauses[at] === clauses[first] && !places.includes(at)) return true;
      }
    }
    if (!around.topic && !around.question) return false;
    if (places.some((at) => this.sets.intent.has(tokens[at]!))) return false;
    return around.topic || !tokens.slice(0, first + 1).some((word) => this.sets.about.has(word));
  }
}

const each = <Name extends string, Made>(table: Readonly<Record<Name, string>>, make: (from: string) => Made) =>
  Object.fromEntries(Object.entries<string>(table).map(([name, one]) => [name, make(one)])) as Record<Name, Made>;

const withoutE = (word: string): string => word.replace(/e+$/, "");

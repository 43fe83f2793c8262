/** Hears what was learnt from example messages: guidance/danger_features.py and guidance/danger_learnt.py. */
import { type LearntTold, listed } from "./told";
import type { Words } from "./words";

// What Python calls digits: also those in circles, which no compatibility form takes out of them.
const NUMBER = /^[\p{Nd}\u1369-\u1371\u19da\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792]+$/u;
const SENTENCE = /(?<=[.!?;\n…])/u;

interface Sentence {
  readonly words: readonly string[];
  readonly asks: boolean;
}

export class Learnt {
  private readonly weights = new Map<string, number>();
  private readonly groups: ReadonlyMap<string, readonly string[]>;
  private readonly only: ReadonlySet<string>;
  private readonly never: ReadonlySet<string>;

  constructor(
    readonly told: LearntTold,
    private readonly words: Words,
    private readonly characters: number,
  ) {
    for (const line of told.weights.split("\n")) {
      const at = line.lastIndexOf(" ");
      this.weights.set(line.slice(0, at), Number(line.slice(at + 1)));
    }
    this.groups = new Map(Object.entries(told.of).map(([word, names]) => [word, names.split(" ")]));
    this.only = listed(told.only);
    this.never = listed(told.never);
  }

  /** How the part of a message that sounds most like danger sounds; null where there is no word. */
  score(text: string): number | null {
    const scores = this.parts(text).map((part) => this.sum(this.features(part)));
    return scores.length === 0 ? null : Math.max(...scores);
  }

  private sum(seen: ReadonlyMap<string, number>): number {
    let sum = 0;
    for (const [name, value] of seen) sum += value * (this.weights.get(name) ?? 0);
    return (sum + (this.weights.get("bias:") ?? 0)) / this.told.scale;
  }

  private parts(text: string): Sentence[][] {
    const longest = this.told.longest_part;
    const half = Math.floor(longest / 2);
    const sentences: Sentence[] = [];
    const cleaned = this.words.folded(Array.from(text).slice(0, this.characters).join("").replaceAll("\n", ". "));
    for (const sentence of cleaned.split(SENTENCE)) {
      const seen = this.words.of(sentence).filter((word) => !this.never.has(word));
      const asks = sentence.trimEnd().endsWith("?");
      for (let start = 0; start < Math.max(1, seen.length - half); start += half) {
        const piece = seen.slice(start, start + longest);
        if (piece.length > 0) sentences.push({ words: piece, asks });
      }
    }
    const all = sentences.reduce((sum, { words }) => sum + words.length, 0);
    if (all <= longest) return sentences.length > 0 ? [sentences] : [];
    return windows(sentences, longest, half);
  }

  private features(part: readonly Sentence[]): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const { words, asks } of part) {
      this.add(found, words);
      found.set(asks ? "?" : ".", 1);
    }
    let squares = 0;
    for (const value of found.values()) squares += value * value;
    const length = Math.sqrt(squares);
    for (const [name, value] of found) found.set(name, value / length);
    return found;
  }

  private add(found: Map<string, number>, seen: readonly string[]): void {
    const [shown, grouped] = [["^"], ["^"]];
    for (const word of seen) {
      const isNumber = NUMBER.test(word);
      const of = isNumber ? ["number"] : (this.groups.get(word) ?? []);
      const only = isNumber || this.only.has(word);
      shown.push(only ? `#${of[0]}` : word);
      grouped.push(of.length > 0 ? `#${of[0]}` : word);
      for (const group of of) found.set(`#${group}`, 1);
      if (only) continue;
      const padded = `_${word}_`;
      for (const length of this.told.letters) {
        for (let start = 0; start + length <= padded.length; start += 1) found.set(`~${padded.slice(start, start + length)}`, this.told.letters_weight);
      }
    }
    shown.push("$");
    grouped.push("$");
    shown.forEach((word, at) => {
      found.set(word, 1);
      if (at + 1 >= shown.length) return;
      found.set(`${word} ${shown[at + 1]}`, 1);
      found.set(`${grouped[at]} ${grouped[at + 1]}`, 1);
      if (!grouped[at]!.startsWith("#")) return;
      for (const other of grouped.slice(at + 2, at + 1 + this.told.groups_apart)) {
        if (other.startsWith("#")) found.set(`${grouped[at]} .. ${other}`, this.told.apart_weight);
      }
    });
  }
}

/** Overlapping parts: one sentence must not drown in a long note. */
function windows(sentences: readonly Sentence[], longest: number, halfOf: number): Sentence[][] {
  const found: Sentence[][] = [];
  for (let start = 0; start < sentences.length; ) {
    let [end, count, half] = [start, 0, start + 1];
    while (end < sentences.length && (end === start || count + sentences[end]!.words.length <= longest)) {
      count += sentences[end]!.words.length;
      end += 1;
      if (count <= halfOf) half = end;
    }
    found.push(sentences.slice(start, end));
    if (end === sentences.length) break;
    start = Math.min(half, end);
  }
  return found;
}

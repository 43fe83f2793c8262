/** Mends slips of the thumb towards known words, as the careful speller of guidance/speller.py does it. */
import { listed, type SpellerTold } from "./told";

export class Speller {
  private readonly known: ReadonlySet<string>;
  private readonly real: ReadonlySet<string>;
  private readonly pieces: ReadonlySet<string>;
  private readonly noPieces: ReadonlySet<string>;
  private readonly byLength = new Map<number, string[]>();
  private readonly mended = new Map<string, readonly string[]>();

  constructor(private readonly told: SpellerTold) {
    this.known = listed(told.words);
    this.real = listed(told.real);
    this.pieces = listed(told.pieces);
    this.noPieces = listed(told.no_pieces);
    for (const word of [...this.known].filter((one) => /^\p{L}{3,}$/u.test(one)).sort()) {
      this.byLength.set(word.length, [...(this.byLength.get(word.length) ?? []), word]);
    }
  }

  /** Real words stay as they are; run-together words come back as two. */
  repaired(word: string): readonly string[] {
    if (this.known.has(word) || word.length < this.told.shortest || this.real.has(word) || !/^\p{L}+$/u.test(word)) return [word];
    const made = this.mended.get(word) ?? this.repair(word);
    if (this.mended.size < 5_000) this.mended.set(word, made);
    return made;
  }

  private repair(word: string): readonly string[] {
    for (const head of this.told.run_on) {
      const tail = word.slice(head.length);
      if (word.startsWith(head) && this.known.has(tail) && tail.length >= this.told.shortest_piece && this.told.after_elision.includes(tail[0]!)) return [tail];
    }
    const best = this.nearest(word);
    return best?.startsWith(word[0]!) ? [best] : (this.split(word) ?? [word]);
  }

  /** The known word that one slip makes into this one most easily. */
  private nearest(word: string): string | null {
    let [best, least]: [string | null, number] = [null, 99];
    for (const length of [word.length - 1, word.length, word.length + 1]) {
      for (const other of this.byLength.get(length) ?? []) {
        if (!oneSlip(word, other)) continue;
        const cost = this.surprise(word, other);
        if (cost < least) [best, least] = [other, cost];
      }
    }
    return best;
  }

  private split(word: string): readonly string[] | null {
    const cuts = Array.from({ length: word.length - 3 }, (_, at) => at + 2);
    cuts.sort((a, b) => Math.abs(2 * a - word.length) - Math.abs(2 * b - word.length));
    for (const at of cuts) {
      const [one, other] = [word.slice(0, at), word.slice(at)];
      if (!this.noPieces.has(other) && this.isPiece(one) && this.isPiece(other)) return [one, other];
    }
    return null;
  }

  private isPiece = (word: string): boolean => this.known.has(word) || this.pieces.has(word);

  /** How unlike a slip of the thumb the difference is. */
  private surprise(typed: string, known: string): number {
    const { costs } = this.told;
    const shorter = Math.min(typed.length, known.length);
    let start = 0;
    while (start < shorter && typed[start] === known[start]) start += 1;
    let end = 0;
    while (end < shorter - start && typed.at(-1 - end) === known.at(-1 - end)) end += 1;
    const [wrong, right] = [typed.slice(start, typed.length - end), known.slice(start, known.length - end)];
    if (this.isNear(typed, known, start, wrong, right)) return wrong.length > right.length ? costs.extra : 0;
    return typed[0] === known[0] ? costs.unlike : costs.unlike + costs.first;
  }

  private isNear(typed: string, known: string, start: number, wrong: string, right: string): boolean {
    if (wrong.length === 2 && right.length === 2 && wrong[0] === right[1] && wrong[1] === right[0]) return true;
    if (wrong.length === 1 && right.length === 1) return this.beside(wrong).includes(right);
    if (wrong.length === 1 && right.length === 0) {
      const around = [typed[start - 1], typed[start + 1]].filter((one) => one !== undefined);
      return around.some((other) => wrong === other || this.beside(other).includes(wrong));
    }
    if (wrong.length === 0 && right.length === 1) return true;
    return typed.length === known.length && [...typed].every((letter, at) => this.beside(letter).includes(known[at]!));
  }

  private beside = (letter: string): string => this.told.beside[letter] ?? "";
}

/** Whether one letter more, less or other, or two neighbours swapped, lie between two words. */
function oneSlip(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false;
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const [left, right] = [one.length - start - end, other.length - start - end];
  return (left <= 1 && right <= 1) || (left === 2 && right === 2 && one[start] === other[start + 1] && one[start + 1] === other[start]);
}

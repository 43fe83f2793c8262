/** Hears that somebody is, or may soon be, in danger: what the chat hears, on the device. guidance/danger.py says why. */
import { Learnt } from "./learnt";
import { PhraseFinder } from "./phrases";
import type { DangerTold } from "./told";
import { Words } from "./words";

const CLAUSE = /(?<=[,;:.!?\n])\s*/u;

export class DangerFinder {
  private readonly phrases: PhraseFinder;
  private readonly learnt: Learnt | null;

  constructor(private readonly told: DangerTold) {
    const words = new Words(told.normal, told.language, told.characters);
    this.phrases = new PhraseFinder(told.phrases, words, told.characters);
    this.learnt = told.learnt && new Learnt(told.learnt, words, told.characters);
  }

  /** Whether a text speaks of danger. Of a longer one, whether any stretch of it does: nobody sends it off in messages here. */
  hears(text: string): boolean {
    const { characters } = this.told;
    const letters = Array.from(text);
    for (let start = 0; start === 0 || start + characters / 2 < letters.length; start += characters / 2) {
      if (this.hearsOne(letters.slice(start, start + characters).join(""))) return true;
    }
    return false;
  }

  private hearsOne(text: string): boolean {
    const phrase = this.phrases.hears(text);
    const learnt = this.learnt;
    const whole = learnt?.score(text) ?? null;
    if (learnt === null || whole === null) return phrase;
    const clauses = phrase ? text.split(CLAUSE).filter((one) => one !== text && this.phrases.hears(one)) : [];
    const alone = clauses.slice(0, this.told.clauses).map((one) => learnt.score(one) ?? -Infinity);
    const score = Math.max(whole, ...alone);
    const { clear, unsure, unheard } = learnt.told;
    const words = text.trim().split(/\s+/).length;
    return score >= (words === 1 ? clear : unsure) || (phrase && (score >= unheard || words <= this.told.short));
  }
}

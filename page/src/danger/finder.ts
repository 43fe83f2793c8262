/** Hears that somebody is, or may soon be, in danger: what the chat hears, on the device. guidance/danger.py says why. */
import { Learnt } from "./learnt";
import { PhraseFinder } from "./phrases";
import type { DangerTold } from "./told";
import { Words } from "./words";

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
    const score = this.learnt?.score(text) ?? null;
    if (this.learnt === null || score === null) return phrase;
    const { unsure, unheard } = this.learnt.told;
    const short = text.trim().split(/\s+/).length <= this.told.short;
    return score >= unsure || (phrase && (score >= unheard || short));
  }
}

/** What the server tells of how danger sounds in a language: guidance/danger.py, `DangerFinder.told`. */

/** Words of lists stand in one string, with blanks between them. */
export interface Normal {
  readonly letters: Readonly<Record<string, string>>;
  readonly alphabet: Alphabet;
  readonly look_alikes: Readonly<Record<Alphabet, Readonly<Record<string, string>>>>;
  readonly short_forms: Readonly<Record<string, string>>;
  readonly elided: Readonly<Record<string, string>>;
  readonly suffixes: Readonly<Record<string, string>>;
  readonly hyphen: readonly [string, string] | null;
}

export type Alphabet = "latin" | "greek" | "cyrillic";

export interface SpellerTold {
  readonly shortest: number;
  readonly words: string;
  readonly real: string;
  readonly pieces: string;
  readonly no_pieces: string;
  readonly run_on: readonly string[];
  readonly after_elision: string;
  readonly shortest_piece: number;
  readonly beside: Readonly<Record<string, string>>;
  readonly costs: { readonly extra: number; readonly unlike: number; readonly first: number };
}

type Sets = "dropped" | "person" | "present" | "topic" | "about" | "negation" | "intent" | "known";
type Searched = "past" | "at_a_topic" | "generic" | "idioms" | "question" | "asking" | "urgent" | "definite";

export interface PhrasesTold {
  readonly sets: Readonly<Record<Sets, string>>;
  readonly searched: Readonly<Record<Searched, string>>;
  readonly base: Readonly<Record<string, string>>;
  readonly endings: readonly (readonly [string, string])[];
  readonly parts: readonly string[];
  readonly patterns: readonly (readonly number[])[];
  readonly negated: readonly number[];
  readonly between: number;
  readonly tokens: number;
  readonly speller: SpellerTold;
}

export interface LearntTold {
  readonly of: Readonly<Record<string, string>>;
  readonly only: string;
  readonly never: string;
  readonly weights: string;
  readonly clear: number;
  readonly unsure: number;
  readonly unheard: number;
  readonly scale: number;
  readonly letters: readonly number[];
  readonly letters_weight: number;
  readonly groups_apart: number;
  readonly apart_weight: number;
  readonly longest_part: number;
}

export interface DangerTold {
  readonly language: string;
  readonly characters: number;
  readonly short: number;
  readonly clauses: number;
  readonly normal: Normal;
  readonly phrases: PhrasesTold;
  readonly learnt: LearntTold | null;
}

export const listed = (words: string): Set<string> => new Set(words === "" ? [] : words.split(" "));

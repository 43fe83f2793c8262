/**
 * What in a note may tell who somebody is, by the rules of dialogues/identifying.py: it only warns, the person decides.
 * Rules of thumb, tuned to stay silent rather than to cry wolf.
 */
import * as lists from "python:dialogues/identifying.py";

export type Kind = "name" | "phone" | "email" | "handle" | "birth" | "address" | "number";

export interface Finding {
  readonly kind: Kind;
  readonly text: string;
}

type Span = readonly [start: number, end: number];

const W = "[\\p{L}\\p{N}\\p{M}_]"; // what Python calls \w
const CAPITALISED = `(?![a-z\\d_])\\p{L}[\\p{L}\\p{N}_'.\\-]{1,30}`;
const MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\\.?";
const DATE =
  `(?:\\d{1,2}[.\\/\\-]\\d{1,2}[.\\/\\-]\\d{2,4}|\\d{4}-\\d\\d-\\d\\d` +
  `|\\d{1,2}(?:st|nd|rd|th)? (?:of )?${MONTH},? \\d{4}|${MONTH} \\d{1,2},? \\d{4})`;

const EMAIL = new RegExp(`(?<![\\p{L}\\p{N}_.+\\-])[\\p{L}\\p{N}_.+\\-]{1,64}@${W}[\\p{L}\\p{N}_\\-]{0,62}(?:\\.${W}[\\p{L}\\p{N}_\\-]{0,62}){1,5}`, "gu");
const HANDLE = new RegExp(
  `(?<![\\p{L}\\p{N}_@.])@\\p{L}${W}{2,31}(?:\\.${W}{1,32}){0,3}` +
    `|\\b(?:t\\.me|(?:instagram|facebook|tiktok|twitter|x|vk|snapchat|youtube)\\.com)\\/[\\p{L}\\p{N}_@.\\/\\-]{2,64}`,
  "giu",
);
const BIRTH = new RegExp(
  `(?:\\b(?:born|dob|d\\.o\\.b\\.|date of birth|birth ?day|birth ?date)\\b[ :,]{0,3}(?:is|was|on|the|[ :]){0,4}|\\* ?)${DATE}`,
  "giu",
);
const WAY = "(?:[Ss]treet|[Ss]t|[Rr]oad|[Rr]d|[Aa]venue|[Aa]ve|[Ll]ane|[Dd]rive|[Cc]lose|[Cc]ourt|[Ss]quare|[Tt]errace|[Cc]rescent|[Gg]ardens|[Bb]oulevard)";
const ADDRESSES = [
  new RegExp(`\\b\\d{1,4}[a-z]?,? (?:${CAPITALISED} ){1,3}${WAY}\\b`, "gu"),
  /\b\d{1,4} (?!(?:the|on|in|down|up|my|his|her|this|that|of|off|across|along)\b)[a-z]{3,30} (?:street|road|avenue|lane)\b/gu,
  new RegExp(`\\b${CAPITALISED} (?:[Ss]treet|[Rr]oad|[Aa]venue|[Ll]ane) \\d{1,4}\\b`, "gu"),
  /(?<![\p{L}\p{N}_-])\p{L}{2,40}(?:straße|strasse|str\.|gasse|platz|allee|laan|straat|gatan|gade|vej|weg) ?\d{1,4}\b/gu,
  new RegExp(
    `(?<![\\p{L}\\p{N}_])(?:[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|[Rr]ue|[Qq]uai|[Cc]alle|[Aa]venida|[Rr]ua|[Uu]lica|[Uu]litsa|[Οο]δός|[Οο]δού|[Уу]лица|[Уу]л\\.|[Uu]l\\.) ` +
      `(?:(?:de|del|della|di|des|du|la|las|los|da|do) ){0,2}\\p{L}[\\p{L}\\p{N}_'.\\-]{1,30}(?: ${CAPITALISED}){0,2},? \\d{1,4}\\b`,
    "gu",
  ),
];
const NUMBERED =
  /\b(?:id|passport|identity card|prisoner|inmate|insurance|social security|tax|account|(?<car>plate|licen[cs]e|registration))\b(?:[ :#]{1,2}(?:card|no|nr|number|code|plate|is|was)\b\.?){0,3}[ :#]{1,2}(?=[A-Za-z0-9])/giu;
const VALUE = /[A-Z0-9][A-Z0-9-]{0,20}(?: (?=[A-Z0-9-]{0,5}\d|[A-Z]{1,3}\b)[A-Z0-9-]{1,6}){0,5}(?![\p{L}\p{N}_]|[.,]\d)/uy;
const CASE_CODE = /^[A-Z]{1,3}[-/ ]?\d{1,6}(?:-[A-Z0-9])?$/;
const DOCUMENT =
  /\b(?:[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]|[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){3,7}|[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]|[1-9]\d{8,17})\b/gu;
const PHONE = /(?<![\p{L}\p{N}_/.:+-])(?:\+|\()?\d[\d ()/.-]{5,22}\d(?![\p{L}\p{N}_:])/gu;
const TIME_OR_DATE = /^(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)\b|\d{4}-\d\d-\d\d|\d{3,4} ?- ?\d{3,4}$|\d{1,2}\.\d\d ?-)/;
const BEFORE_PHONE = /\b(?:phone|tel|telephone|mobile|cell|whatsapp|call|ring|text)\b[^\d\n]{0,12}$/i;

/** What looks like a name, phone number, e-mail, handle, date of birth, street or number of a document. */
export function identifying(text: string): Finding[] {
  const found: { kind: Kind; span: Span }[] = [];
  for (const [kind, finder] of FINDERS) {
    for (const span of finder(text)) {
      if (found.every(({ span: [start, end] }) => span[1] <= start || end <= span[0])) found.push({ kind, span });
    }
  }
  return found
    .sort((one, other) => one.span[0] - other.span[0])
    .map(({ kind, span: [start, end] }) => ({ kind, text: text.slice(start, end) }));
}

const matches = (...patterns: RegExp[]) =>
  function* (text: string): Generator<Span> {
    for (const pattern of patterns) {
      for (const match of text.matchAll(pattern)) yield [match.index, match.index + match[0].length];
    }
  };

function* numbers(text: string): Generator<Span> {
  for (const words of text.matchAll(NUMBERED)) {
    VALUE.lastIndex = words.index + words[0].length;
    const value = VALUE.exec(text)?.[0];
    const digits = value?.match(/\d/g)?.length ?? 0;
    if (value && digits >= (words.groups!["car"] ? 3 : 4) && !CASE_CODE.test(value)) {
      yield [words.index + words[0].length, words.index + words[0].length + value.length];
    }
  }
  yield* matches(DOCUMENT)(text);
}

function* phones(text: string): Generator<Span> {
  for (const match of text.matchAll(PHONE)) {
    const digits = match[0].match(/\d/g)!.length;
    const before = text.slice(Math.max(0, match.index - 24), match.index);
    const announced = /^[+0(]/.test(match[0]) || BEFORE_PHONE.test(before);
    if (digits >= 8 && digits <= 15 && announced && !TIME_OR_DATE.test(match[0])) {
      yield [match.index, match.index + match[0].length];
    }
  }
}

// Names ------------------------------------------------------------------------------------------

const WORD = /(?:(?:al|el|abu|bin|ibn|d|l)['’-])?\p{L}+(?:['’-]\p{L}+)*/gu;
const SENTENCE_END = /(?:^|[.!?…:\n]|[-–•*]\s)[\s"'“„«(]*$/u;
const INTRODUCED =
  /(?:\b(?:named|called|calls (?:him|her)self|nicknamed|alias|aka|known as|goes by(?: the name(?: of)?)?|names:|name(?:'s|’s| is| was|:)|surname(?: is|:)?|first name(?: is|:)?))\s+["'“„«]?$/iu;

const [PARTICLES, TITLES, ROLES, KIN, SAINTS, BEFORE_AN_INITIAL, EVERYDAY, STARTERS, FIRST_NAMES] = [
  lists.PARTICLES,
  lists.TITLES,
  lists.ROLES,
  lists.KIN,
  lists.SAINTS,
  lists.BEFORE_AN_INITIAL,
  lists.EVERYDAY,
  lists.STARTERS,
  lists.FIRST_NAMES,
].map((list) => new Set(list)) as [Set<string>, Set<string>, Set<string>, Set<string>, Set<string>, Set<string>, Set<string>, Set<string>, Set<string>];

class Word {
  readonly folded: string;
  readonly end: number;

  constructor(
    readonly text: string,
    readonly start: number,
    readonly beginsSentence: boolean,
  ) {
    this.folded = text.normalize("NFKC").toLowerCase().replace(/['’]s$/, "");
    this.end = start + text.length;
  }

  get isCapitalised(): boolean {
    const core = this.text.replace(/^[a-z]{1,4}['’-]/, "");
    return core.length > 1 && /^\p{Lu}/u.test(core) && core !== core.toUpperCase();
  }

  get mayBeName(): boolean {
    return this.isCapitalised && !EVERYDAY.has(this.folded);
  }

  get mayBeginName(): boolean {
    return this.mayBeName && !STARTERS.has(this.folded);
  }

  get isPossessive(): boolean {
    return /['’]s$/.test(this.text);
  }
}

function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(WORD), (match) => {
    const before = text.slice(Math.max(0, match.index - 6), match.index);
    return new Word(match[0], match.index, match.index === 0 || SENTENCE_END.test(before));
  });
}

function* names(text: string): Generator<Span> {
  const words = wordsOf(text);
  for (let at = 0; at < words.length; ) {
    const [first, end] = nameFrom(text, words, at);
    if (end > first) yield [words[first]!.start, words[end - 1]!.end];
    at = Math.max(end, at + 1);
  }
}

/** First word, and the one after the last, of a name that begins with this word or is announced by it. */
function nameFrom(text: string, words: Word[], at: number): readonly [number, number] {
  const word = words[at]!;
  const gap = gapAfter(text, words, at);
  const following = words[at + 1];
  if (following) {
    if (TITLES.has(word.folded) && [" ", ". ", "."].includes(gap) && !STARTERS.has(following.folded)) {
      const end = runEnd(text, words, at + 1);
      if (end > at + 1) return [at + 1, end];
    }
    if ((KIN.has(word.folded) && [" ", ", "].includes(gap)) || (ROLES.has(word.folded) && gap === " ")) {
      const isOf = KIN.has(word.folded) && following.text === "of" && at + 2 < words.length;
      const first = isOf ? at + 2 : at + 1;
      if (words[first]!.mayBeginName || FIRST_NAMES.has(words[first]!.folded)) {
        return [first, Math.max(runEnd(text, words, first), first + 1)];
      }
    }
    if (isInitial(words, at) && [". ", "."].includes(gap) && following.mayBeginName) return [at, runEnd(text, words, at + 1)];
  }
  if (word.mayBeginName && INTRODUCED.test(text.slice(Math.max(0, word.start - 30), word.start))) {
    return [at, runEnd(text, words, at)];
  }
  if (word.beginsSentence && STARTERS.has(word.folded)) return [at, at];
  const end = runEnd(text, words, at);
  if (end - at >= 2) return [at, end];
  const saint = at > 0 && SAINTS.has(words[at - 1]!.folded);
  return FIRST_NAMES.has(word.folded) && word.text.length > 2 && !saint ? [at, at + 1] : [at, at];
}

/** "with D. Petrovic", but not "on Wing D. Petrol was found". */
function isInitial(words: Word[], at: number): boolean {
  const { text, beginsSentence } = words[at]!;
  if (text.length > 1 || !/^\p{Lu}$/u.test(text)) return false;
  return beginsSentence || (at > 0 && BEFORE_AN_INITIAL.has(words[at - 1]!.folded));
}

const gapAfter = (text: string, words: Word[], at: number): string =>
  at + 1 < words.length ? text.slice(words[at]!.end, words[at + 1]!.start) : "";

/** After the last of the capitalised words that follow each other from here, particles between them included. */
function runEnd(text: string, words: Word[], at: number): number {
  let end = at;
  for (let now = at; now < words.length && now - at < 6; now += 1) {
    const word = words[now]!;
    if (word.mayBeName) end = now + 1;
    else if (!PARTICLES.has(word.text)) {
      // One everyday word makes the whole run the name of a thing: Oak Valley Hospital.
      if (word.isCapitalised && end > at + 1) return at;
      break;
    }
    if (word.isPossessive || gapAfter(text, words, now) !== " ") break;
  }
  return end;
}

// In this order: what an earlier one found, a later one does not find again.
const FINDERS: [Kind, (text: string) => Generator<Span>][] = [
  ["email", matches(EMAIL)],
  ["handle", matches(HANDLE)],
  ["birth", matches(BIRTH)],
  ["address", matches(...ADDRESSES)],
  ["number", numbers],
  ["phone", phones],
  ["name", names],
];

/** What a person typed, made safe to keep, as dialogues/clean.py does it. */

// Every way Unicode ends a line (The Unicode Standard, section 5.8) becomes one newline.
const LINE_END = /\r\n|[\r\v\f\x85\u2028\u2029]/g;

// A flag of England, Scotland or Wales is written with tag characters; anywhere else they hide text.
const UNWANTED =
  /(\u{1f3f4}[\u{e0020}-\u{e007e}]+\u{e007f})|[\x00-\x08\x0b-\x1f\x7f-\x9f\u{d800}-\u{dfff}\ufeff\ufffe\uffff\ufff9-\ufffb\u00ad\u200b\u2060-\u2064\u{e0000}-\u{e007f}]/gu;

// Joiners change how a word reads in these scripts and hold emoji together; between other letters they only hide.
const JOINING = "\\u0600-\\u08ff\\u0900-\\u0dff\\u0f00-\\u109f\\u1780-\\u18af\\ufb50-\\ufdff\\ufe70-\\ufefc";
const EMOJI = "\\u2190-\\u2bff\\ufe0f\\u{1f000}-\\u{1faff}\\u{e007f}";
const STRAY_JOINER = new RegExp(
  `(?<=[${JOINING}])([\\u200c\\u200d])(?=[${JOINING}])|(?<=[${EMOJI}])(\\u200d)(?=[${EMOJI}])|[\\u200c\\u200d]`,
  "gu",
);

/** Text that encodes as UTF-8, has only `\n` for line ends, and hides nothing. */
export function clean(text: string): string {
  return text
    .replace(LINE_END, "\n")
    .replace(UNWANTED, (_, flag: string | undefined) => flag ?? "")
    .replace(STRAY_JOINER, (_, one: string | undefined, other: string | undefined) => one ?? other ?? "")
    .trim();
}

/** Length in UTF-16 units, which is how JavaScript counts, and Telegram. */
export const units = (text: string): number => text.length;

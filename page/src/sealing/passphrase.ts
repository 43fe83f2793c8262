/** Passphrases: drawn here, never thought up by a person. */
import list from "../../../storage/sealing/passphrase_words.txt";

const WORDS = list.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const DRAWN = 6;

/** Six words, single blanks between them: 62 bits. */
export function passphrase(): string {
  return Array.from({ length: DRAWN }, () => WORDS[below(WORDS.length)]).join(" ");
}

/** Even over 0 to `limit` - 1: what would make some likelier than others is drawn again. */
function below(limit: number): number {
  const fair = 2 ** 32 - (2 ** 32 % limit);
  for (;;) {
    const drawn = crypto.getRandomValues(new Uint32Array(1))[0]!;
    if (drawn < fair) return drawn % limit;
  }
}

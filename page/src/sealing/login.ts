/** Prove to the server that this key is held here, see docs/formats/page-api.md. */
import { type Bytes, concat, label, unbase64url, unhex, utf8 } from "./bytes";
import { NoteUnreadable } from "./errors";
import { decrypt, type OpeningKey } from "./suites";

const ANSWER_BYTES = 32;

/**
 * The answer to a challenge. `origin`: where this page was loaded from, so that nobody who passes challenges on gets
 * one that opens. Throws NoteUnreadable: `tag`.
 */
export async function answerTo(
  challenge: { challenge_id: string; sealed: string },
  key: OpeningKey,
  origin: string,
): Promise<Bytes> {
  const [id, sealed] = [unhex(challenge.challenge_id, 16), unbase64url(challenge.sealed)];
  if (id === null || sealed === null) throw new NoteUnreadable("format");
  const answer = await decrypt(key, sealed, concat(label("login"), id, key.kid, utf8(origin)));
  if (answer === null || answer.length !== ANSWER_BYTES) throw new NoteUnreadable("tag");
  return answer;
}

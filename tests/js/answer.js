/** Answers questions about the formats with the second reader's code; see answering.js. */
import { answerAll, formats } from "./answering.js";
import { readDesk } from "./src/desk.js";
import { Refused } from "./src/errors.js";
import { readKeyFile } from "./src/keyfile.js";
import { knownAnswers as known } from "./src/known.js";
import { openNote } from "./src/opening.js";
import { seal } from "./src/seal.js";
import { verifyKey } from "./src/signing.js";
import { openingKey, publicKey, suiteNamed } from "./src/suites.js";

async function desk(canonical, signature, admin, { atLeast, today, agency }) {
  const found = await readDesk(canonical, signature, admin, { atLeastVersion: atLeast, today, agency });
  const live = found.recipients.filter((one) => one.live);
  return { agency: found.agency, version: found.version, seal_to: live.map(({ kid }) => kid) };
}

const keyFile = (text, passphrase, kitCode) => readKeyFile(text, { passphrase, kitCode });

await answerAll(formats({ known, openNote, seal, openingKey, publicKey, suiteNamed, verifyKey, desk, keyFile }), Refused);

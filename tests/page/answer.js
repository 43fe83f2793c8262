/**
 * Answers questions with the page's own code: about the formats, as tests/js/answer.js does with the second reader's, and
 * about everything else that is written twice. Built by build_answer.js, for it is TypeScript underneath.
 */
import { DangerFinder } from "../../page/src/danger/finder";
import { CasePattern } from "../../page/src/note/case-code";
import { clean } from "../../page/src/note/clean";
import { body } from "../../page/src/note/draft";
import { identifying } from "../../page/src/note/identifying";
import { reference } from "../../page/src/note/reference";
import { cleanedVoice } from "../../page/src/note/voice";
import { isoIn, momentIn } from "../../page/src/note/time";
import { openAttachment, sealAttachment } from "../../page/src/sealing/attachment";
import { readDesk, sealingKeys } from "../../page/src/sealing/desk";
import { Refused } from "../../page/src/sealing/errors";
import { spoken } from "../../page/src/sealing/fingerprint";
import { makeKeyFile, publicHalf, readKeyFile } from "../../page/src/sealing/keyfile";
import { knownAnswers } from "../../page/src/sealing/known";
import { answerTo } from "../../page/src/sealing/login";
import { openNote } from "../../page/src/sealing/opening";
import { passphrase } from "../../page/src/sealing/passphrase";
import { seal } from "../../page/src/sealing/seal";
import { verifyKey } from "../../page/src/sealing/signing";
import { openingKey, publicKey, suiteNamed } from "../../page/src/sealing/suites";
import { has } from "../../page/src/ui/text";
import { kitPdf } from "../../page/src/kit-pdf";
import { answerAll, base64, formats, fromBase64, fromHex, hex } from "../js/answering.js";

async function desk(canonical, signature, admin, how) {
  const found = await readDesk(canonical, signature, admin, how);
  return { agency: found.agency, version: found.version, seal_to: sealingKeys(found).map(({ kid }) => hex(kid)) };
}

let finder;

const ANSWERS = {
  ...formats({ known: knownAnswers, openNote, seal, openingKey, publicKey, suiteNamed, verifyKey, desk, keyFile: readKeyFile }),

  async attachment({ record, key, place, ingest_public }) {
    const { content, digest } = await openAttachment(
      fromBase64(record),
      await openingKey(suiteNamed(key.suite), fromHex(key.seed)),
      { agencyRef: fromHex(place.agency_ref), noteId: fromHex(place.note_id), number: place.number },
      ingest_public.map((raw) => verifyKey(fromHex(raw))),
    );
    return { content: base64(content), digest };
  },

  async makekey({ role, label, created, passphrase, kit_code, hardness }) {
    const { text, key } = await makeKeyFile(role, label, created, passphrase, fromHex(kit_code), undefined, hardness);
    return { text, kid: hex(key.kid), public_half: publicHalf(text) };
  },

  async challenge({ challenge_id, sealed, key, origin }) {
    const opened = await openingKey(suiteNamed(key.suite), fromHex(key.seed));
    return { answer: hex(await answerTo({ challenge_id, sealed }, opened, origin)) };
  },

  async seal_attachment({ content, place, recipients, suite }) {
    const keys = [];
    for (const one of recipients) keys.push(await publicKey(suiteNamed(one.suite), fromHex(one.public)));
    const where = { agencyRef: fromHex(place.agency_ref), noteId: fromHex(place.note_id), number: place.number };
    const { envelope, digest } = await sealAttachment(fromBase64(content), where, keys, suiteNamed(suite));
    return { envelope: base64(envelope), digest };
  },

  async voice({ raw }) {
    const cleaned = cleanedVoice(fromBase64(raw));
    return { cleaned: cleaned && base64(cleaned) };
  },

  async danger_told({ told }) {
    finder = new DangerFinder(told);
    return {};
  },

  danger: async ({ texts }) => ({ heard: texts.map((text) => finder.hears(text)) }),

  phrases: async ({ keys }) => ({ missing: keys.filter((key) => !has(key)) }),
  words: async ({ kid }) => ({ words: spoken(fromHex(kid)) }),
  passphrase: async () => ({ passphrase: passphrase() }),
  reference: async ({ note_id }) => ({ reference: reference(note_id) }),
  clean: async ({ text }) => ({ text: clean(text) }),
  identifying: async ({ text }) => ({ found: identifying(text).map(({ kind, text: what }) => [kind, what]) }),
  case: async ({ pattern, text }) => ({ example: new CasePattern(pattern).example(), ...new CasePattern(pattern).read(text) }),
  iso: async ({ zone, at }) => ({ iso: isoIn(zone, new Date(at)) }),
  moment: async ({ zone, day, clock }) => ({ at: momentIn(zone, day, clock).toISOString() }),
  body: async ({ draft, agency, author, now }) => ({ body: body(draft, agency, author, new Date(now)) }),
  pdf: async ({ title, paragraphs }) => ({ pdf: base64(kitPdf(title, paragraphs)) }),
};

await answerAll(ANSWERS, Refused);

/**
 * Answers questions with the page's own code, one JSON object a line, as tests/js/answer.js does with the second reader's:
 *
 *   { "do": "open", ... }   ->   { "ok": { ... } }   or   { "refused": "NoteUnreadable", "code": "tag" }
 *
 * Built by build_answer.js, for it is TypeScript underneath.
 */
import { createInterface } from "node:readline";

import { DangerFinder } from "../../page/src/danger/finder";
import { CasePattern } from "../../page/src/note/case-code";
import { clean } from "../../page/src/note/clean";
import { body } from "../../page/src/note/draft";
import { identifying } from "../../page/src/note/identifying";
import { reference } from "../../page/src/note/reference";
import { cleanedVoice } from "../../page/src/note/voice";
import { isoIn, momentIn } from "../../page/src/note/time";
import { openAttachment, sealAttachment } from "../../page/src/sealing/attachment";
import { base64, hex, unbase64, unhex } from "../../page/src/sealing/bytes";
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

const fromHex = (text) => unhex(text, text.length / 2);

const placeOf = (fields) => ({
  agencyRef: fromHex(fields.agency_ref),
  noteId: fromHex(fields.note_id),
  flagLevel: fields.flag_level,
  schemaVersion: fields.schema_version,
  channel: fields.channel,
});

let finder;

const ANSWERS = {
  async known() {
    await knownAnswers();
    return {};
  },

  async open({ record, key, expected, ingest_public }) {
    const { text, header } = await openNote(
      unbase64(record),
      await openingKey(suiteNamed(key.suite), fromHex(key.seed)),
      placeOf(expected),
      ingest_public.map((raw) => verifyKey(fromHex(raw))),
    );
    return { plaintext: base64(text), author_ref: hex(header.authorRef), hour: header.hour };
  },

  async attachment({ record, key, place, ingest_public }) {
    const { content, digest } = await openAttachment(
      unbase64(record),
      await openingKey(suiteNamed(key.suite), fromHex(key.seed)),
      { agencyRef: fromHex(place.agency_ref), noteId: fromHex(place.note_id), number: place.number },
      ingest_public.map((raw) => verifyKey(fromHex(raw))),
    );
    return { content: base64(content), digest };
  },

  async seal({ text, header, recipients, suite }) {
    const place = { ...placeOf(header), authorRef: fromHex(header.author_ref), hour: header.hour };
    const keys = [];
    for (const one of recipients) keys.push(await publicKey(suiteNamed(one.suite), fromHex(one.public)));
    return { envelope: base64(await seal(unbase64(text), place, keys, suite === null ? undefined : suiteNamed(suite))) };
  },

  async public({ suite, public: raw }) {
    return { kid: hex((await publicKey(suiteNamed(suite), fromHex(raw))).kid) };
  },

  async desk({ canonical, signature, admin_public, at_least_version, today, agency }) {
    const how = { atLeast: at_least_version, today, agency };
    const desk = await readDesk(unbase64(canonical), fromHex(signature), verifyKey(fromHex(admin_public)), how);
    return { agency: desk.agency, version: desk.version, seal_to: sealingKeys(desk).map(({ kid }) => hex(kid)) };
  },

  async keyfile({ text, passphrase, kit_code }) {
    const kitCode = kit_code === null ? null : fromHex(kit_code);
    const { key, role, suite, label, created, demo, seed } = await readKeyFile(text, passphrase, kitCode);
    return { kid: hex(key.kid), role, suite, label, created, demo, seed: hex(seed) };
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
    const { envelope, digest } = await sealAttachment(unbase64(content), where, keys, suiteNamed(suite));
    return { envelope: base64(envelope), digest };
  },

  async voice({ raw }) {
    const cleaned = cleanedVoice(unbase64(raw));
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

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { do: what, ...question } = JSON.parse(line);
  const answer = await ANSWERS[what](question).then(
    (ok) => ({ ok }),
    (error) => {
      if (error instanceof Refused) return { refused: error.constructor.name, code: error.code };
      throw error;
    },
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

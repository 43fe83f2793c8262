/**
 * Answers questions, one JSON object a line, for tests that compare two readers:
 *
 *   { "do": "open", ... }   ->   { "ok": { ... } }   or   { "refused": "NoteUnreadable", "code": "tag" }
 *
 * Bytes are base64, ids and keys hexadecimal. Anything else that goes wrong ends the process.
 */
import { createInterface } from "node:readline";

import { hex } from "./src/bytes.js";
import { readDesk } from "./src/desk.js";
import { Refused } from "./src/errors.js";
import { readKeyFile } from "./src/keyfile.js";
import { knownAnswers } from "./src/known.js";
import { openNote } from "./src/opening.js";
import { seal } from "./src/seal.js";
import { verifyKey } from "./src/signing.js";
import { openingKey, publicKey, suiteNamed } from "./src/suites.js";

const fromHex = (text) => new Uint8Array(Buffer.from(text, "hex"));
const fromBase64 = (text) => new Uint8Array(Buffer.from(text, "base64"));
const base64 = (bytes) => Buffer.from(bytes).toString("base64");

const placeOf = (fields) => ({
  agencyRef: fromHex(fields.agency_ref),
  noteId: fromHex(fields.note_id),
  flagLevel: fields.flag_level,
  schemaVersion: fields.schema_version,
  channel: fields.channel,
});

const ANSWERS = {
  async known({ answers }) {
    await knownAnswers(answers);
    return {};
  },

  async open({ record, key, expected, ingest_public }) {
    const { text, header } = await openNote(
      fromBase64(record),
      await openingKey(suiteNamed(key.suite), fromHex(key.seed)),
      placeOf(expected),
      ingest_public.map((raw) => verifyKey(fromHex(raw))),
    );
    return { plaintext: base64(text), author_ref: hex(header.authorRef), hour: header.hour };
  },

  async seal({ text, header, recipients, suite }) {
    const place = { ...placeOf(header), authorRef: fromHex(header.author_ref), hour: header.hour };
    const keys = [];
    for (const one of recipients) keys.push(await publicKey(suiteNamed(one.suite), fromHex(one.public)));
    return { envelope: base64(await seal(fromBase64(text), place, keys, suite === null ? undefined : suiteNamed(suite))) };
  },

  async public({ suite, public: raw }) {
    return { kid: hex((await publicKey(suiteNamed(suite), fromHex(raw))).kid) };
  },

  async desk({ canonical, signature, admin_public, at_least_version, today, agency }) {
    const how = { atLeastVersion: at_least_version, today, agency };
    const desk = await readDesk(fromBase64(canonical), fromHex(signature), verifyKey(fromHex(admin_public)), how);
    return {
      agency: desk.agency,
      version: desk.version,
      seal_to: desk.recipients.filter(({ live }) => live).map(({ kid }) => kid),
    };
  },

  async keyfile({ text, passphrase, kit_code }) {
    const kitCode = kit_code === null ? null : fromHex(kit_code);
    const { key, role, suite, label, created, demo, seed } = await readKeyFile(text, { passphrase, kitCode });
    return { kid: hex(key.kid), role, suite, label, created, demo, seed: hex(seed) };
  },
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { do: what, ...question } = JSON.parse(line);
  const answer = await ANSWERS[what](question).then(
    (ok) => ({ ok }),
    (error) => {
      if (error instanceof Refused) return { refused: error.name, code: error.code };
      throw error;
    },
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

/**
 * Questions and answers, one JSON object a line, for tests that compare readers:
 *
 *   { "do": "open", ... }   ->   { "ok": { ... } }   or   { "refused": "NoteUnreadable", "code": "tag" }
 *
 * Bytes are base64, ids and keys hexadecimal. Anything else that goes wrong ends the process.
 */
import { createInterface } from "node:readline";

export const fromHex = (text) => new Uint8Array(Buffer.from(text, "hex"));
export const fromBase64 = (text) => new Uint8Array(Buffer.from(text, "base64"));
export const base64 = (bytes) => Buffer.from(bytes).toString("base64");
export const hex = (bytes) => Buffer.from(bytes).toString("hex");

const placeOf = (fields) => ({
  agencyRef: fromHex(fields.agency_ref),
  noteId: fromHex(fields.note_id),
  flagLevel: fields.flag_level,
  schemaVersion: fields.schema_version,
  channel: fields.channel,
});

/** Answers about the formats, given a reader's own functions; `desk` and `keyFile` tell what they found in one form. */
export const formats = ({ known, openNote, seal, openingKey, publicKey, suiteNamed, verifyKey, desk, keyFile }) => ({
  async known({ answers }) {
    await known(answers);
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
    const admin = verifyKey(fromHex(admin_public));
    return desk(fromBase64(canonical), fromHex(signature), admin, { atLeast: at_least_version, today, agency });
  },

  async keyfile({ text, passphrase, kit_code }) {
    const found = await keyFile(text, passphrase, kit_code === null ? null : fromHex(kit_code));
    const { key, role, suite, label, created, demo, seed } = found;
    return { kid: hex(key.kid), role, suite, label, created, demo, seed: hex(seed) };
  },
});

/** Until standard input ends. `Refused`: what refusals derive from; they are told by the name of their class. */
export async function answerAll(answers, Refused) {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const { do: what, ...question } = JSON.parse(line);
    const answer = await answers[what](question).then(
      (ok) => ({ ok }),
      (error) => {
        if (error instanceof Refused) return { refused: error.constructor.name, code: error.code };
        throw error;
      },
    );
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

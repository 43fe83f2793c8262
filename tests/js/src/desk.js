/** The signed list of who receives an agency's notes, see docs/formats/desk-manifest.md. */
import { concat, hex, label, unbase64url, unhex, utf8 } from "./bytes.js";
import { KeyRefused, ManifestError } from "./errors.js";
import { verifies } from "./signing.js";
import { publicKey, suiteNamed } from "./suites.js";
import { isDay, isLabel, isSlug } from "./texts.js";

const FORMAT = "integra-desk-1";
const FIELDS = ["agency", "agency_ref", "created", "desk_agencies", "escrow", "format", "recipients", "suites", "version"];
const RECIPIENT_FIELDS = ["kid", "label", "public", "role", "suite"];
const ROLES = ["coordinator", "supervisor", "case-system", "recovery"];
const MOST = 32;
const MOST_BYTES = 262_144;

/**
 * The manifest in canonical bytes, once it may be sealed to today; recipients carry their `key` and `live`.
 *
 * `adminKey` is pinned; `atLeastVersion` the highest version seen; `today` reads 2026-11-23; `agency` a slug, or null
 * where any will do. Throws ManifestError.
 */
export async function readDesk(canonical, signature, adminKey, { atLeastVersion, today, agency = null }) {
  if (canonical.length > MOST_BYTES) throw new ManifestError("format");
  if (!(await verifies(adminKey, signature, concat(label("desk"), canonical)))) throw new ManifestError("signature");
  const desk = await checked(canonical);
  if (agency !== null && desk.agency !== agency) throw new ManifestError("agency");
  if (desk.version < atLeastVersion) throw new ManifestError("version");
  const recipients = desk.recipients.map((one) => ({ ...one, live: !("not_after" in one) || today <= one.not_after }));
  const roles = recipients.filter(({ live }) => live).map(({ role }) => role);
  if (!roles.some((role) => role !== "recovery")) throw new ManifestError("expired");
  if (desk.escrow && !roles.includes("recovery")) throw new ManifestError("recovery");
  return { ...desk, recipients };
}

/** Everything that depends neither on who signed it nor on the day. */
async function checked(canonical) {
  const desk = fromCanonical(canonical);
  demand(isObjectWith(desk, FIELDS) && desk.format === FORMAT);
  demand(Number.isInteger(desk.version) && desk.version >= 1 && desk.version < 2 ** 31);
  demand(typeof desk.escrow === "boolean" && isSlug(desk.agency));
  const suites = allowedSuites(desk.suites);
  demand(unhex(desk.agency_ref, 16) !== null);
  const recipients = await listed(desk.recipients, suites);
  const desks = desk.desk_agencies;
  demand(Array.isArray(desks) && desks.length <= MOST && desks.every(isSlug) && new Set(desks).size === desks.length);
  demand(isDay(desk.created));
  if (desk.escrow && !recipients.some(({ role }) => role === "recovery")) throw new ManifestError("recovery");
  return { ...desk, recipients };
}

function fromCanonical(canonical) {
  const text = utf8(canonical);
  demand(text !== null);
  let fields;
  try {
    fields = JSON.parse(text);
  } catch {
    throw new ManifestError("format");
  }
  demand(JSON.stringify(sorted(fields)) === text && allWellFormed(fields));
  return fields;
}

const sorted = (value) =>
  Array.isArray(value)
    ? value.map(sorted)
    : value !== null && typeof value === "object"
      ? Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]))
      : value;

/** Half a character may be written as an escape, but has no UTF-8. */
const allWellFormed = (value) =>
  typeof value === "string"
    ? value.isWellFormed()
    : value === null || typeof value !== "object" || Object.entries(value).flat().every(allWellFormed);

function allowedSuites(names) {
  demand(Array.isArray(names) && names.every((name) => typeof name === "string"));
  const suites = names.map(suiteNamed);
  if (suites.includes(undefined)) throw new ManifestError("suite");
  demand(suites.length > 0 && suites.every((one, at) => at === 0 || suites[at - 1].byte < one.byte));
  return suites;
}

async function listed(recipients, suites) {
  demand(Array.isArray(recipients));
  if (recipients.length < 1 || recipients.length > MOST) throw new ManifestError("recipients");
  const read = [];
  for (const fields of recipients) read.push(await recipient(fields));
  if (new Set(read.map(({ kid }) => kid)).size !== read.length) throw new ManifestError("duplicate");
  const [used] = read.map(({ key }) => key.suite);
  if (read.some(({ key }) => key.suite !== used) || !suites.includes(used)) throw new ManifestError("suite");
  return read;
}

async function recipient(fields) {
  demand(isObjectWith(fields, RECIPIENT_FIELDS, ["not_after"]));
  demand(Object.values(fields).every((text) => typeof text === "string"));
  demand(ROLES.includes(fields.role) && isLabel(fields.label));
  const suite = suiteNamed(fields.suite);
  if (!suite) throw new ManifestError("suite");
  const raw = unbase64url(fields.public);
  demand(raw !== null);
  const key = await publicKey(suite, raw).catch((error) => {
    throw error instanceof KeyRefused ? new ManifestError("format") : error;
  });
  demand(unhex(fields.kid, 16) !== null);
  if (hex(key.kid) !== fields.kid) throw new ManifestError("kid");
  demand(!("not_after" in fields) || isDay(fields.not_after));
  return { ...fields, key };
}

function isObjectWith(value, names, optional = []) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const found = Object.keys(value);
  return names.every((name) => found.includes(name)) && found.every((name) => [...names, ...optional].includes(name));
}

function demand(right) {
  if (!right) throw new ManifestError("format");
}

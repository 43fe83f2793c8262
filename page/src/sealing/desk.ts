/** The signed list of who receives an agency's notes, see docs/formats/desk-manifest.md. */
import { type Bytes, concat, fromUtf8, hex, label, unbase64url, unhex } from "./bytes";
import { KeyRefused, ManifestError } from "./errors";
import { verifies, type VerifyKey } from "./signing";
import { publicKey, type PublicKey, type Suite, suiteNamed } from "./suites";
import { isDay, isLabel, isObject, isSlug } from "./texts";

const FORMAT = "integra-desk-1";
const FIELDS = ["agency", "agency_ref", "created", "desk_agencies", "escrow", "format", "recipients", "suites", "version"];
const RECIPIENT_FIELDS = ["kid", "label", "public", "role", "suite"];
const RECIPIENT_MAY_HAVE = ["created", "not_after"];
const ROLES = ["coordinator", "supervisor", "case-system", "recovery"];
const MOST = 32;
const MOST_BYTES = 262_144;

export interface Recipient {
  readonly key: PublicKey;
  readonly kid: string;
  readonly role: string;
  readonly label: string;
  /** Whether a note is sealed to it today. */
  readonly live: boolean;
}

export interface Desk {
  readonly agency: string;
  readonly agencyRef: Bytes;
  readonly version: number;
  readonly suite: Suite;
  readonly recipients: readonly Recipient[];
  readonly escrow: boolean;
}

/**
 * The manifest in canonical bytes, once it may be sealed to today.
 *
 * `admin` is pinned; `atLeast` the highest version seen; `today` reads 2026-11-23; `agency` a slug, or null where any
 * will do. Throws ManifestError.
 */
export async function readDesk(
  canonical: Bytes,
  signature: Bytes,
  admin: VerifyKey,
  { atLeast, today, agency = null }: { atLeast: number; today: string; agency?: string | null },
): Promise<Desk> {
  if (canonical.length > MOST_BYTES) throw new ManifestError("format");
  if (!(await verifies(admin, signature, concat(label("desk"), canonical)))) throw new ManifestError("signature");
  const desk = await checked(canonical, today);
  if (agency !== null && desk.agency !== agency) throw new ManifestError("agency");
  if (desk.version < atLeast) throw new ManifestError("version");
  const roles = desk.recipients.filter(({ live }) => live).map(({ role }) => role);
  if (!roles.some((role) => role !== "recovery")) throw new ManifestError("expired");
  if (desk.escrow && !roles.includes("recovery")) throw new ManifestError("recovery");
  return desk;
}

export const sealingKeys = (desk: Desk): PublicKey[] => desk.recipients.filter(({ live }) => live).map(({ key }) => key);

/** Everything that does not depend on who signed it. */
async function checked(canonical: Bytes, today: string): Promise<Desk> {
  const desk = fromCanonical(canonical);
  demand(hasFields(desk, FIELDS) && desk["format"] === FORMAT);
  const { version, escrow, agency, desk_agencies: desks, created } = desk;
  demand(typeof version === "number" && Number.isInteger(version) && version >= 1 && version < 2 ** 31);
  demand(typeof escrow === "boolean" && isSlug(agency));
  const suites = allowedSuites(desk["suites"]);
  const agencyRef = unhex(desk["agency_ref"], 16);
  demand(agencyRef !== null);
  const recipients = await listed(desk["recipients"], suites, today);
  demand(Array.isArray(desks) && desks.length <= MOST && desks.every(isSlug) && new Set(desks).size === desks.length);
  demand(isDay(created));
  if (escrow && !recipients.some(({ role }) => role === "recovery")) throw new ManifestError("recovery");
  return { agency, agencyRef, version, suite: recipients[0]!.key.suite, recipients, escrow };
}

function fromCanonical(canonical: Bytes): Record<string, unknown> {
  const text = fromUtf8(canonical);
  demand(text !== null);
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    throw new ManifestError("format");
  }
  demand(isObject(fields) && JSON.stringify(sorted(fields)) === text && allWellFormed(fields));
  return fields;
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : isObject(value)
      ? Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]))
      : value;

/** Half a character may be written as an escape, but has no UTF-8. */
const allWellFormed = (value: unknown): boolean =>
  typeof value === "string"
    ? value.isWellFormed()
    : value === null || typeof value !== "object" || Object.entries(value).flat().every(allWellFormed);

function allowedSuites(names: unknown): Suite[] {
  demand(Array.isArray(names) && names.every((name) => typeof name === "string"));
  const suites = names.map(suiteNamed);
  if (suites.includes(undefined)) throw new ManifestError("suite");
  const found = suites as Suite[];
  demand(found.length > 0 && found.every((one, at) => at === 0 || found[at - 1]!.byte < one.byte));
  return found;
}

async function listed(recipients: unknown, suites: Suite[], today: string): Promise<Recipient[]> {
  demand(Array.isArray(recipients));
  if (recipients.length < 1 || recipients.length > MOST) throw new ManifestError("recipients");
  const read: Recipient[] = [];
  for (const fields of recipients) read.push(await recipient(fields, today));
  if (new Set(read.map(({ kid }) => kid)).size !== read.length) throw new ManifestError("duplicate");
  const used = read[0]!.key.suite;
  if (read.some(({ key }) => key.suite !== used) || !suites.includes(used)) throw new ManifestError("suite");
  return read;
}

async function recipient(fields: unknown, today: string): Promise<Recipient> {
  demand(hasFields(fields, RECIPIENT_FIELDS, RECIPIENT_MAY_HAVE));
  demand(Object.values(fields).every((text) => typeof text === "string"));
  const { role, label: name, kid, not_after: last, created } = fields as Record<string, string>;
  demand(ROLES.includes(role!) && isLabel(name));
  const suite = suiteNamed(fields["suite"]);
  if (!suite) throw new ManifestError("suite");
  const raw = unbase64url(fields["public"]);
  demand(raw !== null);
  const key = await publicKey(suite, raw).catch((error: unknown) => {
    throw error instanceof KeyRefused ? new ManifestError("format") : error;
  });
  demand(unhex(kid, 16) !== null);
  if (hex(key.kid) !== kid) throw new ManifestError("kid");
  demand((last === undefined || isDay(last)) && (created === undefined || isDay(created)));
  return { key, kid, role: role!, label: name, live: last === undefined || today <= last };
}

function hasFields(value: unknown, names: string[], optional: string[] = []): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const found = Object.keys(value);
  return names.every((name) => found.includes(name)) && found.every((name) => [...names, ...optional].includes(name));
}

function demand(right: boolean): asserts right {
  if (!right) throw new ManifestError("format");
}

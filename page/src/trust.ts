/** Whether an agency's desk may be sealed to: signed by the key this device has pinned, and no older than it has seen. */
import type { Agency } from "./api";
import { type Pin, pins } from "./device";
import { hex, unbase64url, unhex, same } from "./sealing/bytes";
import { type Desk, readDesk } from "./sealing/desk";
import { succeeded } from "./sealing/succession";
import { ManifestError, Refused } from "./sealing/errors";
import { spoken } from "./sealing/fingerprint";
import { verifyKey, type VerifyKey } from "./sealing/signing";
import { dayOf } from "./sealing/texts";

/** `unknown`: no pin here, and no link named this key. `changed`: another key than the one pinned signs now. */
export class Untrusted extends Error {
  constructor(
    readonly code: string,
    readonly words: readonly string[] = [],
    /** Whether the link from the chat names the new key, so that a person may take it after comparing. */
    readonly named = false,
  ) {
    super(code);
  }
}

/**
 * The desk, once it may be sealed to.
 *
 * `named`: ids of admin keys that stood in the link from the chat. Throws Untrusted.
 */
export async function trusted(agency: Agency, named: readonly string[], now: Date): Promise<Desk> {
  const given = agency.desk;
  if (given === null) throw new Untrusted("no-desk");
  const [canonical, signature, raw] = [given.manifest, given.signature, given.admin].map(unbase64url);
  if (!canonical || !signature || !raw) throw new Untrusted("format");
  const admin = adminKey(raw);
  const pin = await pinOf(agency);
  if (pin === undefined && !named.includes(hex(admin.kid))) throw new Untrusted("unknown", spoken(admin.kid));
  if (pin !== undefined && pin.admin !== given.admin) {
    throw new Untrusted("changed", spoken(admin.kid), named.includes(hex(admin.kid)));
  }
  const desk = await verified(canonical, signature, admin, {
    atLeast: Math.max(given.at_least_version, pin?.version ?? 0),
    today: dayOf(now),
    agency: agency.slug,
  });
  if (!same(desk.agencyRef, unhex(agency.agency_ref, 16) ?? new Uint8Array())) throw new Untrusted("agency");
  await pins.keep({ agency: agency.slug, admin: given.admin, version: desk.version });
  return desk;
}

/** What this device holds the agency to; where admin keys have succeeded the pinned one by both signatures, the last of them. */
async function pinOf(agency: Agency): Promise<Pin | undefined> {
  const pin = await pins.of(agency.slug);
  if (pin === undefined || agency.desk === null || pin.admin === agency.desk.admin) return pin;
  const { admin, version } = await succeeded(agency.slug, pin, agency.desk.successions);
  return { agency: agency.slug, admin, version };
}

/** Takes the key that signs now in place of the pinned one. Only after a person compared its words. */
export async function takeNewAdmin(agency: Agency): Promise<void> {
  if (agency.desk === null) return;
  const version = (await pins.of(agency.slug))?.version ?? 0;
  await pins.keep({ agency: agency.slug, admin: agency.desk.admin, version });
}

const adminKey = (raw: Uint8Array<ArrayBuffer>): VerifyKey => {
  try {
    return verifyKey(raw);
  } catch {
    throw new Untrusted("format");
  }
};

async function verified(...question: Parameters<typeof readDesk>): Promise<Desk> {
  try {
    return await readDesk(...question);
  } catch (error) {
    throw error instanceof ManifestError || error instanceof Refused ? new Untrusted(error.code) : error;
  }
}

/** One admin key succeeds another on a desk, signed by both: docs/formats/desk-manifest.md, Another admin key. */
import type { SuccessionGiven } from "../api";
import { concat, label, lp, unbase64url, utf8 } from "./bytes";
import { verifies, verifyKey } from "./signing";

/**
 * The key that signs now, going by what the pinned key and its successors have signed, and the least version of its desk.
 *
 * A link that does not hold leads nowhere: the pinned key stays.
 */
export async function succeeded(
  slug: string,
  pinned: { readonly admin: string; readonly version: number },
  links: readonly SuccessionGiven[],
): Promise<{ admin: string; version: number }> {
  let { admin, version } = pinned;
  for (const one of links) {
    if (one.former === admin && one.version > version && (await holds(slug, one))) ({ new: admin, version } = one);
  }
  return { admin, version };
}

async function holds(slug: string, one: SuccessionGiven): Promise<boolean> {
  const [former, next, byFormer, byNext] = [one.former, one.new, one.by_former, one.by_new].map(unbase64url);
  if (!former || !next || !byFormer || !byNext || former.length !== 32 || next.length !== 32) return false;
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, one.version);
  const agreed = concat(label("succession"), lp(utf8(slug)), former, next, number);
  return (await verifies(verifyKey(former), byFormer, agreed)) && (await verifies(verifyKey(next), byNext, agreed));
}

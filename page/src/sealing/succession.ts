/** One admin key succeeds another on a desk, see docs/formats/desk-manifest.md. */
import { concat, label, lp, type Bytes, uint, utf8 } from "./bytes";
import { verifies, type VerifyKey } from "./signing";

/** Whether both have signed that `next` signs the desk from `version` on. */
export async function succeeds(
  slug: string,
  former: VerifyKey,
  next: VerifyKey,
  version: number,
  signatures: { former: Bytes; next: Bytes },
): Promise<boolean> {
  const said = concat(label("succession"), lp(utf8(slug)), former.raw, next.raw, uint(version, 4));
  return (await verifies(former, signatures.former, said)) && (await verifies(next, signatures.next, said));
}

import { SIGNATURE_KINDS, type Voucher } from '../model/update.ts'
import { MrrlError } from '../util/errors.ts'

/** Kinds of vouchers that are made with a key. */
const KEYED: readonly Voucher['kind'][] = [...SIGNATURE_KINDS, 'debian release', 'npm registry signature']

/**
 * Throws `E_UPDATE_SIGNER` when what was signed by one key is now signed by others only, or when upstream's own signature
 * is gone. A version that an archive does not have yet lacks the archive's signature in good order.
 */
export function checkSigners(name: string, before: readonly Voucher[], after: readonly Voucher[]): void {
  for (const kind of KEYED) {
    const known = keysOf(before, kind)
    const now = keysOf(after, kind)
    if (known.length === 0 || now.some((key) => known.includes(key))) continue
    if (now.length === 0 && !SIGNATURE_KINDS.some((each) => each === kind)) continue
    const what = now.length === 0 ? 'is no longer signed' : 'is signed by another key than before'
    throw new MrrlError('E_UPDATE_SIGNER', `${name} ${what} (${kind})`, { fields: { before: known, after: now } })
  }
}

function keysOf(vouchers: readonly Voucher[], kind: Voucher['kind']): string[] {
  return [...new Set(vouchers.filter((voucher) => voucher.kind === kind).map(({ by }) => by))].sort()
}

/**
 * Orders strings by their UTF-8 bytes, the order that tar, squashfs and the Remote Execution API use.
 * JavaScript's `<` orders by UTF-16 units, which differs above U+FFFF; `localeCompare` depends on the machine.
 */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0
  if (isBmpOnly(a) && isBmpOnly(b)) return a < b ? -1 : 1
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function isBmpOnly(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0xd800 && unit <= 0xdfff) return false
  }
  return true
}

import type { MetadataField } from '../model/difference.ts'
import type { Listed } from './listing.ts'
import type { Detail } from './place.ts'
import type { Keeps } from './side.ts'

const OWNER_EXECUTE = 0o100

/** What differs between two entries of one kind besides their content. */
export function metadataDetails(a: Listed, b: Listed, keeps: ReadonlySet<Keeps>): Detail[] {
  if (a.kind !== b.kind) return [changed('kind', kindText(a), kindText(b))]
  const details: Detail[] = []
  const compare = (field: MetadataField, before: string, after: string): void => {
    if (before !== after) details.push(changed(field, before, after))
  }
  if (keeps.has('mode')) compare('mode', modeText(a.mode), modeText(b.mode))
  else if (a.kind === 'file') compare('mode', executableText(a.mode), executableText(b.mode))
  if (keeps.has('owner')) {
    compare('uid', String(a.uid), String(b.uid))
    compare('gid', String(a.gid), String(b.gid))
  }
  if (keeps.has('time')) compare('mtime', timeText(a.mtime), timeText(b.mtime))
  compare(a.kind === 'device' ? 'device' : 'target', a.detail, b.detail)
  return keeps.has('xattrs') ? [...details, ...xattrDetails(a, b)] : details
}

/** An entry in a few words: what is said where the other side has none. */
export function kindText({ kind, detail, size }: Listed): string {
  if (kind === 'symlink') return `link to ${detail}`
  if (kind === 'file') return `file of ${size} bytes`
  return kind === 'device' ? detail.replace(' ', ' device ') : kind
}

/** A difference of metadata. */
export function changed(field: MetadataField, before: string | null, after: string | null): Detail {
  return { where: { kind: 'metadata', field }, before, after, follows: false }
}

function xattrDetails(a: Listed, b: Listed): Detail[] {
  const [before, after] = [a, b].map(({ xattrs }) => new Map(xattrs.map(({ name, value }) => [name, valueText(value)])))
  const names = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])
  return [...names].flatMap((name): Detail[] => {
    const [old, now] = [before?.get(name), after?.get(name)]
    return old === now
      ? []
      : [{ where: { kind: 'xattr', name }, before: old ?? null, after: now ?? null, follows: false }]
  })
}

function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

function executableText(mode: number): string {
  return (mode & OWNER_EXECUTE) !== 0 ? 'executable' : 'not executable'
}

/** Seconds since 1970, and what they mean where the year has four digits. */
function timeText(seconds: number): string {
  if (seconds < 0 || seconds > 253_402_300_799) return String(seconds)
  return `${seconds} (${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')})`
}

function valueText(value: Uint8Array): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const text = bytes.toString('latin1')
  return /^[\x20-\x7e]+\0?$/.test(text) ? JSON.stringify(text) : bytes.toString('hex')
}

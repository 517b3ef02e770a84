import { archiveError } from './archive-error.ts'
import type { ByteReader } from './byte-reader.ts'
import { type ArchiveEntry, Content } from './entry.ts'
import { decodeName, entryPath } from './entry-path.ts'
import type { ArchiveLimits } from './limits.ts'

const MAGIC = '!<arch>\n'
const HEADER_BYTES = 60
const HEADER = /^([ -~]{16})([0-9 ]{12})([0-9 ]{6})([0-9 ]{6})([0-7 ]{8})([0-9]+) *`\n$/

/** True for the first bytes of an `ar` archive, such as a `.deb`. */
export function looksLikeAr(head: Uint8Array): boolean {
  return latin1(head.subarray(0, MAGIC.length)) === MAGIC
}

/** Reads a common `ar` archive with short names, the container of `.deb`; see deb(5) and ar(5). Throws `E_ARCHIVE*`. */
export async function* readAr(reader: ByteReader, limits: ArchiveLimits): AsyncGenerator<ArchiveEntry> {
  await reader.skip(MAGIC.length)
  const seen = new Set<string>()
  for (;;) {
    const offset = reader.position
    const block = await reader.maybe(HEADER_BYTES)
    if (block === undefined) return
    const header = HEADER.exec(latin1(block))
    if (header === null)
      throw archiveError('E_ARCHIVE', `has a malformed ar header at ${offset}`, { fields: { offset } })
    const name = decodeName(Buffer.from((header[1] as string).replace(/ +$/, '').replace(/(?<=[^/])\/$/, '')), offset)
    if (name.startsWith('/') || name.startsWith('#1/')) {
      throw archiveError('E_ARCHIVE', 'is a table of long names, which is not read', {
        entry: name,
        fields: { offset },
      })
    }
    if (seen.has(name)) throw archiveError('E_ARCHIVE', 'is there twice', { entry: name, fields: { offset } })
    seen.add(name)
    const content = new Content(reader, Number(header[6]))
    yield { kind: 'file', path: entryPath(name, limits), executable: false, content }
    await content.skip()
    if (content.size % 2 === 0) continue
    const pad = await reader.maybe(1)
    if (pad !== undefined && pad[0] !== 0x0a) throw archiveError('E_ARCHIVE', 'is not padded', { entry: name })
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

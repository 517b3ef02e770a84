import { isZero } from '../util/zeros.ts'
import { archiveError } from './archive-error.ts'
import type { ByteReader } from './byte-reader.ts'
import { CPIO_HEADER_BYTES, type CpioHeader, cpioPadding, decodeCpioHeader, TRAILER } from './cpio-header.ts'
import { Content } from './entry.ts'
import { decodeName } from './entry-path.ts'
import type { ArchiveLimits } from './limits.ts'

/** One entry; its name has not been checked as a path. */
export interface CpioEntry {
  readonly header: CpioHeader
  readonly name: string
  readonly content: Content
  /** Whether `header.checksum` has to be the sum of the content. */
  readonly hasChecksum: boolean
  /** Where the header is, in bytes. */
  readonly offset: number
}

/**
 * Reads a cpio archive in the "new ASCII" form to its very end: behind the trailer there may be zeros only.
 * Rules and reasons: `docs/formats/cpio.md`. Throws `E_ARCHIVE*`.
 */
export async function* readCpioEntries(reader: ByteReader, limits: ArchiveLimits): AsyncGenerator<CpioEntry> {
  for (;;) {
    const offset = reader.position
    const block = reader.ready(CPIO_HEADER_BYTES) ?? (await reader.maybe(CPIO_HEADER_BYTES))
    if (block === undefined) throw archiveError('E_ARCHIVE', `is cut off: it has no trailer at ${offset}`)
    const { header, hasChecksum } = decodeCpioHeader(block, offset)
    const name = await readName(reader, header, offset, limits)
    if (name === TRAILER) {
      if (header.size > 0) throw archiveError('E_ARCHIVE', 'has a trailer with content', { fields: { offset } })
      return await readEnd(reader)
    }
    const content = new Content(reader, header.size)
    yield { header, name, content, hasChecksum, offset }
    await content.skip()
    await readPadding(reader, cpioPadding(header.size))
  }
}

async function readName(
  reader: ByteReader,
  { nameSize }: CpioHeader,
  offset: number,
  limits: ArchiveLimits,
): Promise<string> {
  if (nameSize > limits.pathBytes + 1) {
    const fields = { limit: 'pathBytes', offset }
    throw archiveError('E_ARCHIVE_LIMIT', `has a name of ${nameSize} bytes at ${offset}`, { fields })
  }
  const bytes = reader.ready(nameSize) ?? (await reader.exact(nameSize))
  const end = bytes.indexOf(0)
  if (end < 0) throw archiveError('E_ARCHIVE', `has a name without a NUL at ${offset}`, { fields: { offset } })
  if (!isZero(bytes.subarray(end))) {
    throw archiveError('E_ARCHIVE', `has bytes after the NUL of a name at ${offset}`, { fields: { offset } })
  }
  const name = decodeName(bytes.subarray(0, end), offset)
  await readPadding(reader, cpioPadding(CPIO_HEADER_BYTES + nameSize))
  return name
}

async function readPadding(reader: ByteReader, count: number): Promise<void> {
  if (count === 0) return
  const bytes = reader.ready(count) ?? (await reader.exact(count))
  if (!isZero(bytes)) throw archiveError('E_ARCHIVE', `has padding that is not zero before ${reader.position}`)
}

/** The kernel reads archive after archive, cpio programs the first only: what they show would differ. */
async function readEnd(reader: ByteReader): Promise<void> {
  const offset = reader.position
  if (await reader.onlyZeros()) return
  throw archiveError('E_ARCHIVE', `has other bytes after its trailer at ${offset}: only a single archive is read`, {
    fields: { offset },
  })
}

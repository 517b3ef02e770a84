import { archiveError } from './archive-error.ts'
import { type ArchiveInput, ByteReader } from './byte-reader.ts'
import { decompress } from './decompress.ts'
import { type ArchiveLimits, Budget } from './limits.ts'

/** Bytes that tell one form of archives from another. */
const HEAD_BYTES = 512

/** An image that is one archive and nothing else, open at its start. */
export interface ImageArchive {
  /** Of what is in the archive, decompressed. */
  readonly reader: ByteReader
  /** Throws `E_ARCHIVE` when anything stands behind what has been read. */
  finish(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens an image that is plain or compressed, as its first bytes say. Throws `E_ARCHIVE` when it is no archive of this
 * form.
 * @param form its name and how it begins
 */
export async function openImageArchive(
  input: ArchiveInput,
  limits: ArchiveLimits,
  form: { readonly name: string; readonly looksRight: (head: Uint8Array) => boolean },
): Promise<ImageArchive> {
  const outer = new ByteReader(input)
  const { reader } = await decompress(outer, new Budget(limits))
  const close = async (): Promise<void> => {
    if (reader !== outer) await reader.close()
    await outer.close()
  }
  try {
    if (!form.looksRight(await reader.peek(HEAD_BYTES)))
      throw archiveError('E_ARCHIVE', `is not a ${form.name} archive`)
  } catch (error) {
    await close()
    throw error
  }
  return {
    reader,
    close,
    async finish() {
      if ((await outer.peek(1)).length > 0) throw archiveError('E_ARCHIVE', 'has other bytes after its end')
    },
  }
}

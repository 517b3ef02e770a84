import { setImmediate } from 'node:timers/promises'
import type { ImageMember } from '../model/image-reader.ts'
import { interrupted } from './file-error.ts'
import type { FolderWriter } from './folder-writer.ts'

/** The event loop turns after so many members, for signals and progress. */
const TURN_MEMBERS = 256

/** How members are written into a folder. */
export interface FillOptions {
  /** Files whose content is read side by side: 1 for a stream, which gives each only once. */
  readonly filesAtOnce: number
  readonly signal: AbortSignal
  /** Told now and then how much is written. */
  readonly onProgress: (done: { readonly entries: number; readonly bytes: number }) => void
}

/** Writes all members with their content. Throws what the reader or the writer throws, `E_INTERRUPTED` when aborted. */
export async function fillFolder(
  writer: FolderWriter,
  members: AsyncIterable<ImageMember>,
  { filesAtOnce, signal, onProgress }: FillOptions,
): Promise<void> {
  const underWay: Promise<void>[] = []
  const failures: unknown[] = []
  let entries = 0
  let bytes = 0
  try {
    for await (const member of members) {
      if (member.kind === 'file' && filesAtOnce > 1) {
        underWay.push(writer.add(member).catch((error: unknown) => void failures.push(error)))
        // The oldest: a race for the first of them costs more than it gains with small files.
        if (underWay.length >= filesAtOnce) await underWay.shift()
      } else {
        // What a link leads to must be there.
        if (member.kind === 'hardlink') await Promise.all(underWay)
        await writer.add(member)
      }
      if (failures.length > 0) throw failures[0]
      bytes += member.kind === 'file' ? member.size : 0
      if (++entries % TURN_MEMBERS !== 0) continue
      onProgress({ entries, bytes })
      await setImmediate()
      if (signal.aborted) throw interrupted('unpacking')
    }
  } finally {
    await Promise.all(underWay)
  }
  if (failures.length > 0) throw failures[0]
  onProgress({ entries, bytes })
}

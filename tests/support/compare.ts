import { COMPARE_DEFAULTS, compareSides } from '../../src/compare/compare.ts'
import { placeText } from '../../src/compare/place-text.ts'
import type { Side } from '../../src/compare/side.ts'
import { memorySource } from '../../src/compare/source.ts'
import { cpioBytes } from '../../src/formats/cpio.ts'
import { tarBytes } from '../../src/formats/tar.ts'
import type { Clues, Difference } from '../../src/model/difference.ts'
import { type SquashfsOptions, writeSquashfs } from '../../src/squashfs/write.ts'
import { collect } from './bytes.ts'
import { type ImageBuilder, MemorySink } from './image.ts'

/** Bytes as a side. */
export function fileSide(bytes: Uint8Array | string, name = 'file'): Side {
  return { kind: 'file', name, source: memorySource(Buffer.from(bytes)), close: async () => undefined }
}

/** Compares two files. */
export function compareFiles(
  before: Uint8Array | string,
  after: Uint8Array | string,
  clues: Clues = [],
): Promise<Difference[]> {
  return compareSides(fileSide(before), fileSide(after), { ...COMPARE_DEFAULTS, clues })
}

/** Differences as short lines: path, place, before, after, and `follows`. */
export function shortLines(differences: readonly Difference[]): string[] {
  return differences.map(({ path, where, before, after, follows }) =>
    [path, placeText(where), before, after, ...(follows ? ['follows'] : [])].join(' | '),
  )
}

/** The same without what follows from the rest. */
export function ownLines(differences: readonly Difference[]): string[] {
  return shortLines(differences.filter(({ follows }) => !follows))
}

const SQUASHFS: SquashfsOptions = {
  compression: { method: 'zstd', level: 3 },
  blockSize: 2 ** 17,
  fragments: true,
  exportable: true,
  parallel: 1,
}

/** An image in memory. */
export async function imageBytes(
  tree: ImageBuilder,
  format: 'tar' | 'cpio' | 'squashfs',
  { epoch, squashfs }: { readonly epoch?: number; readonly squashfs?: Partial<SquashfsOptions> } = {},
): Promise<Buffer> {
  const image = tree.image(epoch)
  if (format === 'tar') return collect(tarBytes(image, tree))
  if (format === 'cpio') return collect(cpioBytes(image, tree))
  const sink = new MemorySink()
  await writeSquashfs(image, tree, sink, { ...SQUASHFS, ...squashfs })
  return sink.finish()
}

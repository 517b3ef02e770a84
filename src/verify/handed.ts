import { createHash } from 'node:crypto'
import { COMPARE_DEFAULTS, compareSides } from '../compare/compare.ts'
import { HEAD_BYTES, kindOf } from '../compare/kinds.ts'
import { openSide } from '../compare/open-side.ts'
import type { Side } from '../compare/side.ts'
import { headOf, type Source } from '../compare/source.ts'
import { MrrlError } from '../util/errors.ts'
import type { Judgement } from './judge.ts'
import type { Places } from './places.ts'
import type { HandedReport } from './report.ts'

/** An image that somebody handed over, open. */
export type HandedImage = Side & { readonly kind: 'file' }

/** Opens it. Throws `E_SOURCE` for one that cannot be read, before anything is built. */
export async function openHanded(path: string, signal: AbortSignal): Promise<HandedImage> {
  const side = await openSide(path, { ...COMPARE_DEFAULTS, signal, threads: 1 })
  if (side.kind === 'file') return side
  throw new MrrlError('E_SOURCE', `${path} is a folder`, {
    fields: { path },
    hint: 'Name an image file. Folders can be compared with: mrrl diff <before> <after>',
  })
}

/**
 * Compares an image that somebody handed over with the profile's image of the same kind, which is told by the first
 * bytes of both. Throws `E_USAGE` when the profile writes none of that kind.
 */
export async function judgeHanded(
  handed: HandedImage,
  images: readonly Judgement[],
  places: Places,
  signal: AbortSignal,
): Promise<HandedReport> {
  const kind = await kindOfSource(handed.source)
  for (const { name, expected } of images) {
    const side = expected === '' ? undefined : await places.imageSide(expected)
    if (side?.kind !== 'file') continue
    try {
      if ((await kindOfSource(side.source)) !== kind) continue
      const differences = await compareSides(side, handed, { ...COMPARE_DEFAULTS, signal })
      const verdict = differences.length === 0 ? 'same' : 'different'
      return { path: handed.name, image: name, digest: await digestOfSource(handed.source), verdict, differences }
    } finally {
      await side.close()
    }
  }
  const names = images.map(({ name }) => name)
  throw new MrrlError('E_USAGE', `the profile writes no image of the kind of ${handed.name}`, {
    fields: { path: handed.name, kind, images: names },
    hint: 'Compare two images of different kinds with: mrrl diff <before> <after>',
  })
}

async function kindOfSource(source: Source): Promise<string> {
  return kindOf(await headOf(source, HEAD_BYTES))
}

async function digestOfSource(source: Source): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of source.stream()) hash.update(piece)
  return `sha256:${hash.digest('hex')}`
}

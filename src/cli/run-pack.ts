import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, relative, resolve } from 'node:path'
import { type ScanOptions, scanFolder } from '../formats/directory-source.ts'
import { FILE_FORMATS, type FileFormat, formatOfName, type SquashfsCompression } from '../formats/format-names.ts'
import { PACK_DEFAULTS, type PackOptions, packImage } from '../formats/pack.ts'
import { sizeOf } from '../model/digest.ts'
import type { Image } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'
import type { Call, Context } from './context.ts'
import { formatBar, formatBytes, formatDuration, groupDigits } from './format.ts'
import type { Options } from './options.ts'
import { openStatusLine } from './view/status-line.ts'

const BAR_CELLS = 12

/** `mrrl pack <folder>` */
export async function runPack({ args, options, context }: Call): Promise<number> {
  const started = performance.now()
  const folder = resolve(context.cwd, args[0] ?? '')
  const format = formatOf(options)
  const file = resolve(context.cwd, options.output)
  await refuseInside(file, folder, options)
  const status = openStatusLine(options, context)
  try {
    const { image, blobs, warnings } = await scanFolder(folder, {
      ...scanOptions(options, context),
      onProgress: ({ entries, bytes }) =>
        status.show(`looking through  ${groupDigits(entries)} entries  ${formatBytes(bytes)}`),
    })
    const total = contentBytes(image)
    const size = await packImage(image, blobs, file, {
      ...packOptions(options, format, context),
      onProgress: (done) =>
        status.show(
          `packing  ${formatBar(done / Math.max(1, total), BAR_CELLS)}  ${formatBytes(done)} of ${formatBytes(total)}`,
        ),
    })
    status.close()
    const wallMs = Math.round(performance.now() - started)
    const report = { path: file, format, bytes: size, entries: image.entries.length, content: total, warnings, wallMs }
    if (options.json) context.out.write(`${JSON.stringify(report, undefined, 2)}\n`)
    else if (!options.quiet) {
      context.err.lines(warnings.map((warning) => context.err.style.yellow(warning)))
      context.out.lines([
        `${context.out.style.bold(options.output)}  ${groupDigits(size)} B  from ${groupDigits(image.entries.length)} ` +
          `entries with ${formatBytes(total)}, ${formatDuration(wallMs)}`,
      ])
    }
    return 0
  } finally {
    status.close()
  }
}

function formatOf(options: Options): FileFormat {
  if (options.output === '') throw new MrrlError('E_USAGE', 'no image is named', { hint: 'Name it with: -o <file>' })
  // Commander has compared it with the list.
  const format = options.format === '' ? formatOfName(basename(options.output)) : (options.format as FileFormat)
  if (format === undefined) {
    throw new MrrlError('E_USAGE', `the name ${options.output} ends in no format`, {
      hint: `Name one with --format: ${FILE_FORMATS.join(', ')}`,
    })
  }
  const wrong = strayOption(options, format)
  if (wrong !== undefined)
    throw new MrrlError(
      'E_USAGE',
      `${wrong} means nothing for ${format}${options.compression === '' ? '' : ` with ${options.compression}`}`,
    )
  return format
}

/** An option that was given but could have no effect. */
function strayOption({ compression, blockSize, level, filter }: Options, format: FileFormat): string | undefined {
  const isSquashfs = format === 'squashfs'
  const isXz = isSquashfs ? compression === 'xz' : format.endsWith('.xz')
  if (!isSquashfs && compression !== '') return '--compression'
  if (!isSquashfs && blockSize !== undefined) return '--block-size'
  if ((!isSquashfs || isXz) && level !== undefined) return '--level'
  // The kernel unpacks cpio itself, and learned that filter late.
  if (filter !== 'none' && (!isXz || (format === 'cpio.xz' && filter === 'arm64'))) return `--filter ${filter}`
  return undefined
}

function scanOptions(options: Options, { env, interruption, processors }: Context): Omit<ScanOptions, 'onProgress'> {
  const { owner, group, allRoot, exclude, xattrs } = options
  if (allRoot && (owner !== undefined || group !== undefined)) {
    throw new MrrlError('E_USAGE', '--all-root and --owner or --group contradict each other')
  }
  return {
    epoch: options.epoch ?? epochOf(env.SOURCE_DATE_EPOCH),
    uid: allRoot ? 0 : (owner ?? 'keep'),
    gid: allRoot ? 0 : (group ?? 'keep'),
    exclude,
    xattrs,
    threads: options.jobs ?? processors,
    signal: interruption.signal,
  }
}

function epochOf(text: string | undefined): number {
  if (text === undefined || text === '') return 0
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text)
  throw new MrrlError('E_USAGE', `SOURCE_DATE_EPOCH is no time in seconds: ${JSON.stringify(text)}`)
}

function packOptions(
  options: Options,
  format: FileFormat,
  { interruption, processors }: Context,
): Omit<PackOptions, 'onProgress'> {
  return {
    format,
    // Commander has compared it with the list.
    squashfs: (options.compression || PACK_DEFAULTS.squashfs) as SquashfsCompression,
    blockSize: options.blockSize ?? PACK_DEFAULTS.blockSize,
    level: options.level ?? PACK_DEFAULTS.level,
    branchFilter: options.filter,
    parallel: (options.jobs ?? processors) + 1,
    signal: interruption.signal,
  }
}

/** An image in the folder that is packed would be in the next one, which would be different for that. */
async function refuseInside(file: string, folder: string, { output }: Options): Promise<void> {
  const [inner, outer] = await Promise.all([realPath(dirname(file)), realPath(folder)])
  const way = relative(outer, inner)
  if (way === '..' || way.startsWith('../')) return
  if (!(await stat(outer).catch(() => undefined))?.isDirectory()) return
  throw new MrrlError('E_USAGE', `${output} would lie in the folder that is packed`, {
    hint: 'Write it to another place: the next image would have this one in it.',
  })
}

function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

/** Bytes of different files. */
function contentBytes({ entries }: Image): number {
  const digests = new Set(entries.flatMap((entry) => (entry.kind === 'file' ? [entry.digest] : [])))
  return [...digests].reduce((sum, digest) => sum + sizeOf(digest), 0)
}

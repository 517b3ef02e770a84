import { resolve } from 'node:path'
import { extractImage } from '../formats/extract.ts'
import { type OpenedImage, openImage } from '../formats/open-image.ts'
import type { ImageMember } from '../model/image-reader.ts'
import { MrrlError } from '../util/errors.ts'
import type { Call } from './context.ts'
import { formatBytes, groupDigits } from './format.ts'
import { escapeName, memberDocument, memberLine } from './show-member.ts'
import { openStatusLine } from './view/status-line.ts'

/** Characters that are written at once. */
const PIECE = 2 ** 16

/** `mrrl ls <image>` */
export async function listImage(path: string, { options, context: { out } }: Call): Promise<number> {
  const image = await openImage(path)
  try {
    let lines = options.json ? `{\n  "format": "${image.family}",\n  "entries": [` : ''
    let separator = '\n'
    for await (const member of image.members()) {
      lines += options.json ? `${separator}    ${JSON.stringify(memberDocument(member))}` : `${memberLine(member)}\n`
      separator = ',\n'
      if (lines.length < PIECE) continue
      if (!(await out.pass(lines))) return 0
      lines = ''
    }
    await out.pass(options.json ? `${lines}\n  ]\n}\n` : lines)
    return 0
  } finally {
    await image.close()
  }
}

/** `mrrl cat <image> <path>` */
export async function runCat({ args, context }: Call): Promise<number> {
  const [file = '', wanted = ''] = args
  const image = await openImage(resolve(context.cwd, file))
  try {
    const path = innerPath(wanted)
    const found = await image.find(path)
    const member = found?.kind === 'hardlink' ? await image.find(found.target) : found
    if (member?.kind !== 'file') throw await noContent(image, path, member)
    for await (const piece of member.content()) if (!(await context.out.pass(piece))) break
    return 0
  } finally {
    await image.close()
  }
}

/** `mrrl extract <image> <folder>` */
export async function runExtract({ args, options, context }: Call): Promise<number> {
  const [file = '', folder = ''] = args
  if ((options.owners || options.devices) && process.geteuid?.() !== 0) {
    throw new MrrlError('E_USAGE', `${options.owners ? '--owners' : '--devices'} needs root`)
  }
  const image = await openImage(resolve(context.cwd, file))
  const status = openStatusLine(options, context)
  const target = resolve(context.cwd, folder)
  let total = { entries: 0, bytes: 0 }
  try {
    const warnings = await extractImage(image, target, {
      owners: options.owners,
      devices: options.devices,
      filesAtOnce: image.filesAtOnce,
      signal: context.interruption.signal,
      onProgress: (done) => {
        total = done
        status.show(`unpacking  ${groupDigits(done.entries)} entries  ${formatBytes(done.bytes)}`)
      },
    })
    status.close()
    if (options.json) context.out.write(`${JSON.stringify({ path: target, ...total, warnings }, undefined, 2)}\n`)
    else if (!options.quiet) {
      context.err.lines(warnings.map((warning) => context.err.style.yellow(warning)))
      const sum = `${groupDigits(total.entries)} entries, ${formatBytes(total.bytes)}`
      context.out.lines([`${context.out.style.bold(folder)}  ${sum}`])
    }
    return 0
  } finally {
    status.close()
    await image.close()
  }
}

/** A path as people write it, from the root of the image. */
function innerPath(text: string): string {
  return text
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/')
}

/** Why a path has no content: what is there instead, or the link in the way to it. */
async function noContent(image: OpenedImage, path: string, member: ImageMember | undefined): Promise<MrrlError> {
  const shown = escapeName(path)
  const fields = { path }
  if (member?.kind === 'symlink') {
    const hint = 'Links are not followed: name the file that it leads to.'
    return new MrrlError('E_PATH_UNKNOWN', `/${shown} is a link to ${escapeName(member.target)}`, { fields, hint })
  }
  if (member !== undefined) return new MrrlError('E_PATH_UNKNOWN', `/${shown} is a ${member.kind}`, { fields })
  const link = await linkAbove(image, path)
  const why = link === undefined ? '' : `: /${escapeName(link.path)} is a link to ${escapeName(link.target)}`
  return new MrrlError('E_PATH_UNKNOWN', `the image has no /${shown}${why}`, { fields })
}

async function linkAbove(image: OpenedImage, path: string): Promise<(ImageMember & { kind: 'symlink' }) | undefined> {
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    const parent = await image.find(path.slice(0, end))
    if (parent?.kind === 'symlink') return parent
    if (parent?.kind !== 'directory') return undefined
  }
  return undefined
}

import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './tools.ts'

/** One path as a file system shows it, in one line: what two readers of an image must agree on. */
export function listTree(root: string): string[] {
  const lines: string[] = []
  const visit = (path: string): void => {
    const absolute = join(root, path)
    const info = lstatSync(absolute)
    const kind = info.isDirectory() ? 'd' : info.isSymbolicLink() ? 'l' : info.isFile() ? '-' : '?'
    const content = info.isFile() ? sha256(readFileSync(absolute)) : info.isSymbolicLink() ? readlinkSync(absolute) : ''
    const mode = (info.mode & 0o7777).toString(8)
    lines.push(`${kind} ${mode} ${info.uid}:${info.gid} ${info.mtimeMs / 1000} /${path} ${content}`)
    if (info.isDirectory())
      for (const name of readdirSync(absolute).sort()) visit(path === '' ? name : `${path}/${name}`)
  }
  visit('')
  return lines
}

/** The foreign readers of an image's two formats: each fills an empty folder. Needs root, for owners. */
export const READERS: Readonly<Record<string, (images: ImagePaths, into: string) => void>> = {
  'GNU tar': ({ tar }, into) => void run('tar', '--numeric-owner', '-xpJf', tar, '-C', into),
  bsdtar: ({ tar }, into) => void run('bsdtar', '--numeric-owner', '-xpf', tar, '-C', into),
  unsquashfs: ({ squashfs }, into) => void run('unsquashfs', '-q', '-n', '-f', '-d', into, squashfs),
  sqfs2tar: ({ squashfs }, into) => {
    writeFileSync(`${into}.tar`, run('sqfs2tar', '-r', '.', squashfs))
    run('tar', '--numeric-owner', '-xpf', `${into}.tar`, '-C', into)
  },
}

/** Image files of one build. */
export interface ImagePaths {
  readonly tar: string
  readonly squashfs: string
}

/** Lists a squashfs as the kernel shows it. */
export function listMounted(squashfs: string, at: string): string[] {
  mkdirSync(at)
  run('mount', '-t', 'squashfs', '-o', 'loop,ro', squashfs, at)
  try {
    return listTree(at)
  } finally {
    run('umount', at)
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

import { spawnSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { ImageMember, RandomAccess } from '../../src/model/image-reader.ts'
import { openSquashfs, type SquashfsReader } from '../../src/squashfs/read.ts'
import { MrrlError } from '../../src/util/errors.ts'
import { line, sha256 } from './image.ts'

/** Bytes in memory as a file. */
export function memoryFile(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    read: async (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > bytes.length) {
        throw new MrrlError('E_ARCHIVE', 'cut off', { fields: { offset, length } })
      }
      return bytes.subarray(offset, offset + length)
    },
  }
}

/** Everything that our reader finds, one text per entry; hard links as second names of what they point to. */
export async function readerListing(image: Uint8Array): Promise<string[]> {
  const reader = await openSquashfs(memoryFile(image))
  const lines: string[] = []
  for await (const member of reader.members()) {
    lines.push(await memberLine(member, reader))
  }
  return lines
}

/** The same of a folder, as `lstat`, `read` and `getfattr` see it. */
export function mountListing(root: string): string[] {
  const lines: string[] = []
  const first = new Map<number, string>()
  const xattrs = folderXattrs(root)
  // Sorted by bytes at every level.
  const pending = ['']
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const full = join(root, path)
    const stat = lstatSync(full)
    const original = stat.isDirectory() ? undefined : first.get(stat.ino)
    if (original !== undefined) {
      lines.push(JSON.stringify([path, 'hardlink', original]))
      continue
    }
    first.set(stat.ino, path)
    let kind = 'other'
    let detail = ''
    if (stat.isDirectory()) {
      kind = 'directory'
      const names = readdirSync(full).sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)))
      for (const name of names) pending.push(path === '' ? name : `${path}/${name}`)
    } else if (stat.isFile()) {
      kind = 'file'
      const bytes = readFileSync(full)
      detail = `${bytes.length} ${sha256(bytes)}`
    } else if (stat.isSymbolicLink()) {
      kind = 'symlink'
      detail = readlinkSync(full)
    } else if (stat.isFIFO()) {
      kind = 'fifo'
    } else if (stat.isSocket()) {
      kind = 'socket'
    } else {
      kind = 'device'
      const major = (stat.rdev >>> 8) & 0xfff
      detail = `${stat.isBlockDevice() ? 'block' : 'char'} ${major},${(stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00)}`
    }
    const time = Math.floor(stat.mtimeMs / 1000)
    const seen = { path, kind, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid, time, detail }
    lines.push(`${line(seen)} ${xattrs.get(path) ?? ''}`)
  }
  return lines
}

async function memberLine(member: ImageMember, reader: SquashfsReader): Promise<string> {
  if (member.kind === 'hardlink') {
    const found = await reader.lookup(member.path)
    if (found === null) throw new Error(`${member.path} cannot be looked up`)
    return JSON.stringify([member.path, 'hardlink', member.target])
  }
  const xattrs = member.xattrs.map(({ name, value }) => `${name}=0x${Buffer.from(value).toString('hex')}`).join(' ')
  const { path, kind, mode, uid, gid, mtime } = member
  return `${line({ path, kind, mode, uid, gid, time: mtime, detail: await detailOf(member) })} ${xattrs}`
}

async function detailOf(member: Exclude<ImageMember, { kind: 'hardlink' }>): Promise<string> {
  if (member.kind === 'symlink') return member.target
  if (member.kind === 'device') return `${member.type} ${member.major},${member.minor}`
  if (member.kind !== 'file') return ''
  const pieces: Uint8Array[] = []
  for await (const piece of member.content()) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  if (bytes.length !== member.size) throw new Error(`${member.path}: ${bytes.length} bytes of ${member.size}`)
  return `${bytes.length} ${sha256(bytes)}`
}

function folderXattrs(root: string): Map<string, string> {
  const found = new Map<string, string>()
  const options = ['-R', '-h', '-P', '-d', '-m', '-', '-e', 'hex', '--absolute-names']
  // It fails where an image has no table of attributes.
  const text = spawnSync('getfattr', [...options, root], { maxBuffer: 2 ** 30 }).stdout.toString()
  for (const block of text.split('\n\n')) {
    const [head = '', ...rows] = block.split('\n').filter((row) => row !== '')
    if (head === '') continue
    const path = head.replace('# file: ', '').slice(root.length + 1)
    const values = rows.map((row) => (row.includes('=') ? row : `${row}=0x`))
    found.set(
      path,
      values.sort((a, b) => ((a.split('=')[0] as string) < (b.split('=')[0] as string) ? -1 : 1)).join(' '),
    )
  }
  return found
}

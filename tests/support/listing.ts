import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { line, type Seen, sha256 } from './image.ts'
import { pipe } from './tools.ts'

/** What is in a folder, as `lstat` and `read` see it. */
export function folderListing(root: string): string[] {
  const lines: string[] = []
  const visit = (path: string): void => {
    const full = join(root, path)
    const stat = lstatSync(full)
    const common = {
      path,
      mode: stat.mode & 0o7777,
      uid: stat.uid,
      gid: stat.gid,
      time: Math.floor(stat.mtimeMs / 1000),
    }
    if (stat.isDirectory()) {
      lines.push(line({ ...common, kind: 'dir', detail: '' }))
      for (const name of readdirSync(full)) visit(path === '' ? name : `${path}/${name}`)
    } else if (stat.isFile()) {
      const bytes = readFileSync(full)
      lines.push(line({ ...common, kind: 'file', detail: `${bytes.length} ${sha256(bytes)}` }))
    } else if (stat.isSymbolicLink()) {
      lines.push(line({ ...common, kind: 'link', detail: readlinkSync(full) }))
    } else if (stat.isFIFO() || stat.isSocket()) {
      lines.push(line({ ...common, kind: stat.isFIFO() ? 'fifo' : 'socket', detail: '' }))
    } else {
      const major = (stat.rdev >>> 8) & 0xfff
      const minor = (stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00)
      const kind = stat.isCharacterDevice() ? 'char' : 'block'
      lines.push(line({ ...common, kind, detail: `${major},${minor}` }))
    }
  }
  visit('')
  return lines.sort()
}

/** What is in a tar archive, as bsdtar sees it: it can turn an archive into an mtree specification. */
export function bsdtarListing(archive: Uint8Array): string[] {
  const keywords = 'mtree:!all,type,mode,uid,gid,time,size,sha256,link,device'
  const text = pipe(archive, 'bsdtar', '-cf', '-', '--format=mtree', '--options', keywords, '@-').toString()
  return text
    .split('\n')
    .filter((row) => /^[./]/.test(row))
    .map((row) => line(parseMtree(row)))
    .sort()
}

function parseMtree(row: string): Seen {
  const [name = '', ...fields] = row.split(' ')
  const value = Object.fromEntries(fields.map((field) => field.split(/=(.*)/s)) as [string, string][])
  const kind = value.type ?? ''
  const details: Readonly<Record<string, string>> = {
    file: `${value.size} ${value.sha256digest ?? sha256(new Uint8Array(0))}`,
    link: unoctal(value.link ?? ''),
    char: (value.device ?? '').replace('native,', ''),
    block: (value.device ?? '').replace('native,', ''),
  }
  return {
    path: unoctal(name).replace(/^\/?\.\/?/, ''),
    kind,
    mode: kind === 'link' ? 0o777 : Number.parseInt(value.mode ?? '', 8),
    uid: Number(value.uid),
    gid: Number(value.gid),
    time: Number(value.time),
    detail: details[kind] ?? '',
  }
}

function unoctal(text: string): string {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') {
      bytes.push(Number.parseInt(text.slice(at + 1, at + 4), 8))
      at += 3
    } else {
      bytes.push(text.charCodeAt(at))
    }
  }
  return Buffer.from(bytes).toString()
}

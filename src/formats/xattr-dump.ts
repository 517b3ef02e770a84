import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Xattr } from '../model/image.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'

/** Namespaces that an image can hold; `system` is where access control lists are. */
const HELD = /^(?:user|trusted|security)\./

/** Extended attributes of a folder and all below it. */
export interface FolderXattrs {
  /** By path below the folder, '' for itself; paths without any are missing. */
  readonly byPath: ReadonlyMap<string, readonly Xattr[]>
  /** Paths with attributes in other namespaces, which are not among these. */
  readonly others: readonly string[]
}

/**
 * Reads extended attributes with `getfattr` (package attr), because Node has no call for them; see
 * `docs/why/xattrs.md`. Links are not followed. Throws `E_SOURCE` when it cannot be run or complains.
 * @param keeps whether an attribute of that name is wanted
 */
export async function readXattrs(folder: string, keeps: (name: string) => boolean): Promise<FolderXattrs> {
  const byPath = new Map<string, Xattr[]>()
  const others: string[] = []
  let path = ''
  for await (const line of dumpLines(folder)) {
    if (line.startsWith('# file: ')) {
      path = unquote(line.slice('# file: '.length)).replace(/^\.\/?/, '')
      continue
    }
    const end = line.indexOf('=')
    if (end < 0) continue
    const name = unquote(line.slice(0, end))
    if (!HELD.test(name)) others.push(path)
    else if (keeps(name)) {
      const own = byPath.get(path) ?? []
      own.push({ name, value: Buffer.from(line.slice(end + '=0x'.length), 'hex') })
      byPath.set(path, own)
    }
  }
  for (const own of byPath.values()) own.sort((a, b) => compareBytes(a.name, b.name))
  return { byPath, others: [...new Set(others)] }
}

async function* dumpLines(folder: string): AsyncGenerator<string> {
  const args = ['-R', '-P', '-h', '-d', '-e', 'hex', '-m', '-', '--absolute-names', '.']
  const child = spawn('getfattr', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < 1000) complaint += text
  })
  const ended = new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done))
  ended.catch(() => undefined)
  try {
    // latin1: one character per byte, so that names that are not UTF-8 do not match others.
    yield* createInterface({ input: child.stdout.setEncoding('latin1'), crlfDelay: Number.POSITIVE_INFINITY })
    const status = await ended
    if (status === 0 && complaint === '') return
    throw failed(complaint.trim() || `getfattr ended with ${status}`)
  } catch (error) {
    if (error instanceof MrrlError) throw error
    throw failed('getfattr cannot be run', error)
  }
}

function failed(why: string, cause?: unknown): MrrlError {
  return new MrrlError('E_SOURCE', `cannot read extended attributes: ${why}`, {
    hint: 'Install getfattr (package attr), or leave out: --xattrs',
    cause,
  })
}

/** Undoes the octal escapes of getfattr and reads the bytes as UTF-8. */
function unquote(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  return Buffer.from(bytes, 'latin1').toString()
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

const MIB = 2 ** 20
const FILES_PER_FOLDER = 500

/** Many files of up to 4 KiB in folders of 500, all different. */
export function makeSmallFiles(root: string, count: number): void {
  makeFiles(root, count, (at) => logText(512 + ((at * 7919) % 3584), at))
}

/** Files of 16 KiB, of which there are only ten different ones. */
export function makeDuplicates(root: string, count: number): void {
  const contents = Array.from({ length: 10 }, (_, at) => logText(16 * 1024, at))
  makeFiles(root, count, (at) => contents[at % contents.length] as Buffer)
}

/** Three files of `size` MiB: a log, the same machine code again and again with changes, and text among zeros. */
export async function makeBigFiles(root: string, size: number, code: Uint8Array): Promise<void> {
  mkdirSync(root)
  const pieces = Array.from({ length: 64 }, (_, at) => logText(MIB, at))
  await writePieces(join(root, 'log'), size, (at) => stamped(pieces[(at * 37) % pieces.length] as Buffer, at))
  await writePieces(join(root, 'code'), size, (at) => stamped(codePiece(code, at), at))
  await writePieces(join(root, 'disk'), size, (at) => (at % 4 === 0 ? (pieces[at % 64] as Buffer) : Buffer.alloc(MIB)))
}

function makeFiles(root: string, count: number, content: (at: number) => Uint8Array): void {
  mkdirSync(root)
  for (let at = 0; at < count; at++) {
    const folder = join(root, `folder-${Math.floor(at / FILES_PER_FOLDER)}`)
    if (at % FILES_PER_FOLDER === 0) mkdirSync(folder)
    writeFileSync(join(folder, `file-${at}.txt`), content(at))
  }
}

async function writePieces(path: string, count: number, piece: (at: number) => Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  for (let at = 0; at < count; at++) await file.write(piece(at))
  await file.close()
}

/** Lines as a server writes them. */
function logText(length: number, seed: number): Buffer {
  const lines: string[] = []
  let state = (seed * 2654435761 + 1) >>> 0
  const next = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  for (let size = 0; size < length; size += lines.at(-1)?.length ?? 0) {
    const word = WORDS[next(WORDS.length)]
    lines.push(
      `${1_700_000_000 + next(9_000_000)} ${word} 10.0.${next(255)}.${next(255)} /${WORDS[next(WORDS.length)]} ${next(90_000)}\n`,
    )
  }
  return Buffer.from(lines.join('')).subarray(0, length)
}

const WORDS = ['accepted', 'closed', 'error', 'GET', 'POST', 'retry', 'session', 'timeout', 'upstream', 'worker']

function codePiece(code: Uint8Array, at: number): Buffer {
  const out = Buffer.alloc(MIB)
  for (let done = 0; done < MIB; ) {
    const from = (at * 131_071 + done) % code.length
    const part = code.subarray(from, from + MIB - done)
    out.set(part, done)
    done += part.length
  }
  return out
}

/** A copy with a number every 4 KiB, so that no two pieces are equal. */
function stamped(piece: Uint8Array, number: number): Buffer {
  const copy = Buffer.from(piece)
  for (let at = 0; at + 4 <= copy.length; at += 4096) copy.writeUInt32LE(number, at)
  return copy
}

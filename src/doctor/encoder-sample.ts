import { type Digest, digestOf } from '../model/digest.ts'
import type { BlobReader, Image, ImageSink, Inode } from '../model/image.ts'

const OWNER = { uid: 0, gid: 0, xattrs: [] }

/** About as much of a program's machine code as shows what a compressor does, in bytes. */
const PROGRAM_SIZE = 150_000

/** A fixed image with one of each: what an encoder makes of it is known. */
export function sampleImage(): { readonly image: Image; readonly blobs: BlobReader } {
  const program = programLike(PROGRAM_SIZE)
  const text = Buffer.from('root:x:0:0:root:/root:/bin/sh\n'.repeat(40))
  const contents = new Map<Digest, Uint8Array>([program, text].map((bytes) => [digestOf(bytes), bytes]))
  const entries: Inode[] = [
    { ...OWNER, kind: 'directory', path: '', mode: 0o755 },
    { ...OWNER, kind: 'directory', path: 'bin', mode: 0o755 },
    { ...OWNER, kind: 'file', path: 'bin/program', mode: 0o4755, digest: digestOf(program) },
    { ...OWNER, kind: 'symlink', path: 'bin/sh', mode: 0o777, target: 'program' },
    { ...OWNER, kind: 'directory', path: 'dev', mode: 0o755 },
    { ...OWNER, kind: 'device', path: 'dev/null', mode: 0o666, type: 'char', major: 1, minor: 3 },
    { ...OWNER, kind: 'directory', path: 'etc', mode: 0o755 },
    { ...OWNER, kind: 'file', path: 'etc/passwd', mode: 0o644, uid: 1000, digest: digestOf(text) },
  ]
  const read = async (digest: Digest): Promise<Uint8Array> => contents.get(digest) ?? new Uint8Array()
  const blobs: BlobReader = {
    read,
    async *stream(digest) {
      yield await read(digest)
    },
  }
  return { image: { entries, epoch: 1_735_689_600 }, blobs }
}

/** A sink in memory. */
export class SampleSink implements ImageSink {
  readonly #pieces: Uint8Array[] = []
  size = 0

  async write(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(Uint8Array.from(bytes))
    this.size += bytes.length
  }

  async patch(offset: number, bytes: Uint8Array): Promise<void> {
    const whole = this.bytes()
    whole.set(bytes, offset)
    this.#pieces.splice(0, this.#pieces.length, whole)
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#pieces)
  }
}

/** Calls, words that come again and noise, by a generator of 32 bits (Numerical Recipes, 7.1). */
function programLike(size: number): Uint8Array {
  const bytes = Buffer.alloc(size)
  let state = 1
  for (let at = 0; at + 16 <= size; at += 16) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes.write('\x55\x48\x89\xe5\xe8', at, 'latin1')
    bytes.writeInt32LE((state % 977) * 16 - at, at + 5)
    bytes.writeUInt32LE(at % 4096 === 0 ? state : state & 0x0f0f, at + 9)
  }
  return bytes
}

import { execFileSync } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileSink } from '../src/formats/file-sink.ts'
import { IMAGE_WRITERS } from '../src/formats/writers.ts'
import { type Digest, digestOf } from '../src/model/digest.ts'
import type { BlobReader, Image, ImageEntry, ImageWriter } from '../src/model/image.ts'
import { comparePaths } from '../src/model/tree.ts'

/**
 * Packs a folder with mrrl and with the C tools, one directly after the other, and prints sizes, times and ratios.
 *
 *   node bench/formats.ts <folder>
 */
const EPOCH = 1_700_000_000
const ROUNDS = 3

class Folder implements BlobReader {
  readonly #paths = new Map<Digest, string>()
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  image(): Image {
    const entries: ImageEntry[] = []
    const visit = (path: string): void => {
      const full = join(this.#root, path)
      const stat = lstatSync(full)
      const owned = { path, mode: stat.mode & 0o7777, uid: 0, gid: 0, xattrs: [] }
      if (stat.isDirectory()) {
        entries.push({ kind: 'directory', ...owned })
        for (const name of readdirSync(full)) visit(path === '' ? name : `${path}/${name}`)
      } else if (stat.isFile()) {
        const digest = digestOf(readFileSync(full))
        this.#paths.set(digest, full)
        entries.push({ kind: 'file', digest, ...owned })
      } else if (stat.isSymbolicLink()) {
        entries.push({ kind: 'symlink', target: readlinkSync(full), ...owned })
      }
    }
    visit('')
    return { entries: entries.sort((a, b) => comparePaths(a.path, b.path)), epoch: EPOCH }
  }

  async read(digest: Digest): Promise<Uint8Array> {
    return readFileSync(this.#paths.get(digest) ?? '')
  }

  async *stream(digest: Digest): AsyncGenerator<Uint8Array> {
    yield await this.read(digest)
  }
}

const source = process.argv[2]
if (source === undefined) throw new Error('usage: node bench/formats.ts <folder>')
const scratch = mkdtempSync(join(tmpdir(), 'mrrl-bench-'))
const tar = `tar --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@${EPOCH} -C '${source}' -c .`
const peers: readonly { writer: ImageWriter; name: string; command: (out: string) => string }[] = [
  {
    writer: IMAGE_WRITERS['tar.xz'],
    name: 'tar | xz -9e --x86',
    command: (out) => `${tar} | xz -T1 --x86 --lzma2=preset=9e > ${out}`,
  },
  {
    writer: IMAGE_WRITERS.squashfs,
    name: 'mksquashfs -comp xz -b 1M -Xbcj x86',
    command: (out) =>
      `mksquashfs '${source}' ${out} -comp xz -b 1M -Xbcj x86 -Xdict-size 100% -all-root -no-xattrs -noappend ` +
      `-no-progress -quiet -always-use-fragments -mkfs-time ${EPOCH} -all-time ${EPOCH}`,
  },
]

const folder = new Folder(source)
const image = folder.image()
console.log(`${image.entries.length} entries, ${cpus().length} cores, Node ${process.version}`)
for (const { writer, name, command } of peers) {
  for (let round = 1; round <= ROUNDS; round++) {
    const ours = join(scratch, `ours-${writer.format}-${round}`)
    const theirs = join(scratch, `theirs-${writer.format}-${round}`)
    const ourTime = await timed(async () => {
      const sink = await openFileSink(ours)
      await writer.write(image, folder, sink, { branchFilter: 'x86' })
      await sink.finish()
    })
    const theirTime = await timed(async () => execFileSync('sh', ['-c', command(theirs)], { stdio: 'ignore' }))
    const [ourSize, theirSize] = [statSync(ours).size, statSync(theirs).size]
    console.log(
      `${writer.format}: ${ourSize} B in ${ourTime.toFixed(2)} s; ${name}: ${theirSize} B in ${theirTime.toFixed(2)} s; ` +
        `size ${(ourSize / theirSize).toFixed(4)}, time ${(ourTime / theirTime).toFixed(2)}`,
    )
  }
}
rmSync(scratch, { recursive: true })

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

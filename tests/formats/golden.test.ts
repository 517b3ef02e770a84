import { squashfsWriter } from '../../src/formats/squashfs.ts'
import {
  cpioGzWriter,
  cpioWriter,
  cpioXzWriter,
  cpioZstWriter,
  tarGzWriter,
  tarXzWriter,
  tarZstWriter,
} from '../../src/formats/stream-writers.ts'
import { tarBytes } from '../../src/formats/tar.ts'
import { FORMAT_VERSION } from '../../src/model/format-version.ts'
import type { ImageWriter } from '../../src/model/image.ts'
import type { Compression } from '../../src/squashfs/compression.ts'
import { writeSquashfs } from '../../src/squashfs/write.ts'
import { collect } from '../support/bytes.ts'
import { exampleTree } from '../support/example.ts'
import { checkGolden, updatingGolden, writeGolden } from '../support/golden.ts'
import { MemorySink, sha256 } from '../support/image.ts'
import { spec } from '../support/spec.ts'

const FILE = 'images.sha256'

async function hashes(): Promise<Map<string, string>> {
  const tree = exampleTree()
  const image = tree.image()
  const found = new Map<string, string>()
  found.set(`tar v${FORMAT_VERSION}`, sha256(await collect(tarBytes(image, tree))))
  const writers: readonly ImageWriter[] = [tarXzWriter, squashfsWriter]
  for (const writer of writers) {
    for (const branchFilter of ['x86', 'arm64', 'none'] as const) {
      const sink = new MemorySink()
      await writer.write(image, tree, sink, { branchFilter })
      found.set(`${writer.format} ${branchFilter} v${FORMAT_VERSION}.${writer.version}`, sha256(sink.finish()))
    }
  }
  for (const writer of [tarGzWriter, tarZstWriter, cpioWriter, cpioGzWriter, cpioZstWriter, cpioXzWriter]) {
    const sink = new MemorySink()
    await writer.write(image, tree, sink, { branchFilter: 'x86' })
    found.set(`${writer.format} v${FORMAT_VERSION}.${writer.version}`, sha256(sink.finish()))
  }
  const small = { blockSize: 2 ** 17, fragments: true, exportable: true, parallel: 2 }
  const compressions: readonly Compression[] = [
    { method: 'gzip', level: 9, window: 15 },
    { method: 'zstd', level: 15 },
    { method: 'xz', branchFilter: 'arm64', dictionarySize: 2 ** 17 },
  ]
  for (const compression of compressions) {
    const sink = new MemorySink()
    await writeSquashfs(image, tree, sink, { ...small, compression })
    found.set(`squashfs 128K ${compression.method} v${FORMAT_VERSION}`, sha256(sink.finish()))
  }
  return found
}

// A change here means that the same lock gives another image: raise FORMAT_VERSION with it.
spec('golden images', (test) => {
  if (updatingGolden() !== null) void hashes().then((found) => writeGolden(FILE, found))
  test.unless(updatingGolden(), 'every format gives the bytes it gave before', async () => {
    checkGolden(FILE, await hashes())
  })
})

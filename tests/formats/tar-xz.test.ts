import * as assert from 'uvu/assert'
import { tarXzWriter } from '../../src/formats/stream-writers.ts'
import { tarBytes } from '../../src/formats/tar.ts'
import type { BranchFilter } from '../../src/model/image.ts'
import { xzDecompress } from '../../src/util/xz/decode.ts'
import { collect, inPieces } from '../support/bytes.ts'
import { exampleTree } from '../support/example.ts'
import { ImageBuilder, MemorySink } from '../support/image.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, pipe } from '../support/tools.ts'

async function write(tree: ImageBuilder, branchFilter: BranchFilter): Promise<Buffer> {
  const sink = new MemorySink()
  await tarXzWriter.write(tree.image(), tree, sink, { branchFilter })
  return sink.finish()
}

spec('tar.xz', (test) => {
  for (const filter of ['x86', 'arm64', 'none'] as const) {
    test(`${filter}: unpacks to the tar`, async () => {
      const tree = exampleTree()
      const packed = await write(tree, filter)
      const tar = await collect(tarBytes(tree.image(), tree))
      assert.is(Buffer.compare(await collect(xzDecompress(inPieces(packed, 65_536), { maxBytes: 2 ** 30 })), tar), 0)
      if (missing('xz') === null) assert.is(Buffer.compare(pipe(packed, 'xz', '-dc'), tar), 0)
    })
  }

  test('two at once give the same bytes', async () => {
    const [one, two] = await Promise.all([write(exampleTree(), 'x86'), write(exampleTree(), 'x86')])
    assert.is(Buffer.compare(one, two), 0)
  })

  test('an error of the tar writer keeps its code on the way through the compressor', async () => {
    await rejects('E_IMAGE', () => write(new ImageBuilder().socket('a'), 'x86'))
  })
})

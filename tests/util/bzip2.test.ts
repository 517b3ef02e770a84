import * as assert from 'uvu/assert'
import { bzip2Decompress } from '../../src/util/bzip2.ts'
import { collect, inPieces, noise } from '../support/bytes.ts'
import { spec } from '../support/spec.ts'
import { missing, pipe } from '../support/tools.ts'

/** Contents that reach every part of the format: runs, one byte value, all of them, several blocks. */
const CONTENTS: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(0),
  'one byte': Uint8Array.of(7),
  'runs of 3 to 260': Buffer.concat(Array.from({ length: 258 }, (_, n) => Buffer.alloc(n + 3, n))),
  'one long run': Buffer.alloc(3_000_000, 'a'),
  'all byte values': noise(300_000),
  'several blocks of text': Buffer.from(Array.from({ length: 250_000 }, (_, n) => `line ${n}\n`).join('')),
}

spec('bzip2Decompress', (test) => {
  for (const [name, content] of Object.entries(CONTENTS)) {
    for (const level of ['-1', '-9']) {
      test.unless(missing('bzip2'), `${name}, bzip2 ${level}`, async () => {
        const packed = pipe(content, 'bzip2', level, '-c')
        for (const size of [1 << 20, 1000]) {
          assert.ok((await collect(bzip2Decompress(inPieces(packed, size)))).equals(content))
        }
        const twice = await collect(bzip2Decompress(inPieces(Buffer.concat([packed, packed, Buffer.alloc(9)]), 7777)))
        assert.ok(twice.equals(Buffer.concat([content, content])))
      })
    }
  }
})

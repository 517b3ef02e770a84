import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { openFileSink } from '../../src/formats/file-sink.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

spec('file sink', (test) => {
  test('appends and patches', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'image')
      const sink = await openFileSink(path)
      await sink.write(Buffer.from('head'))
      await sink.write(new Uint8Array(0))
      await sink.write(Buffer.from(' tail'))
      await sink.patch(0, Buffer.from('HE'))
      await sink.write(Buffer.from('!'))
      assert.is(sink.size, 10)
      await sink.finish()
      await sink.abandon()
      assert.is(readFileSync(path, 'utf8'), 'HEad tail!')
    }))

  test('a file that is there is left alone', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'image')
      const sink = await openFileSink(path)
      await sink.write(Buffer.from('mine'))
      const second = await openFileSink(path).then(
        () => null,
        (error) => error.code,
      )
      assert.is(second, 'EEXIST')
      await sink.finish()
      assert.is(readFileSync(path, 'utf8'), 'mine')
    }))
})

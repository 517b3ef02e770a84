import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import * as assert from 'uvu/assert'
import { HOSTILE_ARCHIVES } from '../support/make-hostile-archives.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { unpackBytes, withStore } from '../support/unpack.ts'

spec('hostile archives', (test) => {
  test('every name is there once', () => {
    assert.is(new Set(HOSTILE_ARCHIVES.map(({ name }) => name)).size, HOSTILE_ARCHIVES.length)
    assert.ok(HOSTILE_ARCHIVES.length >= 40)
  })

  for (const { name, code, says, bytes, source, limits } of HOSTILE_ARCHIVES) {
    test(`${name} is refused`, async () => {
      const archive = await bytes()
      await withStore(async (store) => {
        const error = await rejects(code, () => unpackBytes(store, name, archive, source, limits))
        assert.match(error.message, says)
        assert.match(String(error.fields.archive), name)
        assert.equal(readdirSync(dirname(store.layout.root)), ['store-v1'])
        assert.equal(readdirSync(store.layout.tmp), [])
      })
    })
  }
})

import { chmodSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { noise } from '../support/bytes.ts'
import { spec } from '../support/spec.ts'
import { missing, pipe, run, withFolder } from '../support/tools.ts'
import { listTree, unpackBytes, withStore } from '../support/unpack.ts'

/** A folder with what archives hold; names stay below 100 bytes when `short`, as the oldest formats need. */
function makeFiles(folder: string, short: boolean): void {
  const deep = join(folder, 'pkg', short ? 'deep' : `${'d'.repeat(90)}/${'e'.repeat(90)}`)
  mkdirSync(deep, { recursive: true })
  writeFileSync(join(folder, 'pkg/run'), '#!/bin/sh\n')
  chmodSync(join(folder, 'pkg/run'), 0o755)
  writeFileSync(join(folder, 'pkg/big'), noise(1_500_000))
  writeFileSync(join(folder, 'pkg/empty'), '')
  writeFileSync(join(deep, short ? 'file' : 'f'.repeat(150)), 'deep')
  writeFileSync(join(folder, 'pkg/é ü.txt'), 'umlaut')
  linkSync(join(folder, 'pkg/big'), join(folder, 'pkg/same'))
  symlinkSync('run', join(folder, 'pkg/link'))
  if (!short) symlinkSync(`${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(150)}`, join(folder, 'pkg/long-link'))
}

const EXCEPT_LONG = ['v7', 'ustar']
const FORMATS = ['v7', 'ustar', 'oldgnu', 'gnu', 'posix']

spec('archives of other tools', (test) => {
  test.unless(missing('tar'), 'all formats of GNU tar give one tree', () =>
    withFolder(async (folder) => {
      for (const short of [true, false]) {
        const files = join(folder, short ? 'short' : 'long')
        makeFiles(files, short)
        const trees = await withStore(async (store) => {
          const found = new Map<string, string>()
          for (const format of FORMATS.filter((name) => short || !EXCEPT_LONG.includes(name))) {
            const bytes = run('tar', '-C', files, `--format=${format}`, '-cf', '-', 'pkg')
            const lines = await listTree(store, await unpackBytes(store, 'a.tar', bytes, { strip: 1 }))
            found.set(lines.join('\n'), format)
          }
          return found
        })
        assert.is(trees.size, 1, [...trees].join('\n\n'))
        const [lines = ''] = trees.keys()
        assert.is(lines.split('\n').length, short ? 8 : 10)
        assert.match(lines, /^x run/m)
        assert.match(lines, /^l link -> run$/m)
      }
    }),
  )

  test.unless(missing('bsdtar'), 'pax and ustar of bsdtar', () =>
    withFolder(async (folder) => {
      makeFiles(folder, true)
      await withStore(async (store) => {
        const own = await unpackBytes(store, 'a.tar', run('tar', '-C', folder, '-cf', '-', 'pkg'))
        for (const format of ['pax', 'ustar', 'gnutar']) {
          const bytes = run('bsdtar', '-C', folder, `--format=${format}`, '-cf', '-', 'pkg')
          assert.is(await unpackBytes(store, 'b.tar', bytes), own, format)
        }
      })
    }),
  )

  for (const [program, ...args] of [
    ['gzip', '-9'],
    ['bzip2'],
    ['xz', '-T1'],
    ['xz', '-T2', '--block-size=262144'],
    ['zstd', '-q'],
  ] as const) {
    test.unless(missing('tar', program), `${[program, ...args].join(' ')}, once and twice in a row`, () =>
      withFolder(async (folder) => {
        makeFiles(folder, true)
        const bytes = run('tar', '-C', folder, '-cf', '-', 'pkg')
        await withStore(async (store) => {
          const plain = await unpackBytes(store, 'a.tar', bytes)
          assert.is(await unpackBytes(store, 'a', pipe(bytes, program, ...args, '-c')), plain)
          const halves = [bytes.subarray(0, 700_001), bytes.subarray(700_001)]
          const joined = Buffer.concat(halves.map((half) => pipe(half, program, ...args, '-c')))
          assert.is(await unpackBytes(store, 'a', joined), plain)
        })
      }),
    )
  }

  test.unless(missing('ar', 'tar', 'xz'), 'ar as used for .deb', () =>
    withFolder(async (folder) => {
      makeFiles(folder, true)
      run('tar', '-C', folder, '-cJf', join(folder, 'data.tar.xz'), './pkg')
      run('tar', '-C', folder, '-cJf', join(folder, 'control.tar.xz'), './pkg/run')
      writeFileSync(join(folder, 'debian-binary'), '2.0\n')
      const members = ['debian-binary', 'control.tar.xz', 'data.tar.xz'].map((name) => join(folder, name))
      run('ar', 'rc', join(folder, 'a.deb'), ...members)
      await withStore(async (store) => {
        const tree = await unpackBytes(store, 'a.deb', readFileSync(join(folder, 'a.deb')))
        const plain = await unpackBytes(store, 'a.tar', run('tar', '-C', folder, '-cf', '-', 'pkg'))
        assert.is(tree, plain)
      })
    }),
  )
})

import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from '../src/assemble/manifest.ts'
import { xzCompress } from '../src/util/xz/encode.ts'

/**
 * Where the bytes of an image are: `node bench/sizes.ts images/base`.
 * Per package and per file: bytes, and bytes of the file alone as xz. The files of an image are compressed together,
 * so that the image is smaller than the sum.
 */
const folder = process.argv[2] ?? 'images/base'
const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
const files = manifest.files.filter(({ type }) => type === 'file')
const tar = join(folder, 'rootfs.tar.xz')

const rows: { path: string; owner: string; bytes: number; xz: number }[] = []
for (const { path, package: owner, size = 0 } of files) {
  const content = spawnSync('tar', ['-xJOf', tar, `./${path.slice(1)}`, path.slice(1)], { maxBuffer: 1 << 28 }).stdout
  const xz = await xzCompress(content, { check: 'crc64', filter: 'x86', preset: 9, dictionarySize: 1 << 23 })
  rows.push({ path, owner, bytes: size, xz: xz.length })
}

for (const name of ['rootfs.tar.xz', 'rootfs.squashfs']) print(statSync(join(folder, name)).size, '', name)
console.log()
for (const name of [...Object.keys(manifest.packages), 'profile']) {
  const own = rows.filter(({ owner }) => owner === name)
  print(sum(own.map(({ bytes }) => bytes)), sum(own.map(({ xz }) => xz)), name)
}
console.log()
for (const { path, bytes, xz } of rows.sort((a, b) => b.bytes - a.bytes)) print(bytes, xz, path)

function print(bytes: number, xz: number | '', name: string): void {
  console.log(`${String(bytes).padStart(10)} ${String(xz).padStart(10)}  ${name}`)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

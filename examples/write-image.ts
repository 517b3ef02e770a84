/**
 * Writes an image that never was a folder: the entries and their contents are made here.
 *
 *   node examples/write-image.ts <image.tar.zst>
 */
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type BlobReader, compressStream, digestOf, type Image, tarBytes } from 'mrrl/formats'

const [file = 'image.tar.zst'] = process.argv.slice(2)
const hello = Buffer.from('#!/bin/sh\necho hello\n')
const owned = { uid: 0, gid: 0, xattrs: [] }

// Folders come directly before what is in them, names in the order of their bytes.
const image: Image = {
  epoch: 1_700_000_000,
  entries: [
    { kind: 'directory', path: '', mode: 0o755, ...owned },
    { kind: 'directory', path: 'bin', mode: 0o755, ...owned },
    { kind: 'file', path: 'bin/hello', mode: 0o755, digest: digestOf(hello), ...owned },
    { kind: 'symlink', path: 'hello', target: 'bin/hello', mode: 0o777, ...owned },
  ],
}

const blobs: BlobReader = {
  read: async () => hello,
  stream: async function* () {
    yield hello
  },
}

const packed = compressStream(tarBytes(image, blobs), 'zst', {
  roughSize: 4096,
  branchFilter: 'none',
  check: 'crc64',
  blocks: 'one',
})
await pipeline(Readable.from(packed), createWriteStream(file))

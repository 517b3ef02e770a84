import { IMAGE_WRITERS } from '../formats/writers.ts'
import { digestOf, hashOf } from '../model/digest.ts'
import { FORMAT_VERSION } from '../model/format-version.ts'
import type { BlobReader, Image, ImageSink } from '../model/image.ts'
import type { Compression } from '../squashfs/compression.ts'
import { writeSquashfs } from '../squashfs/write.ts'
import { type Finding, fail, pass } from './check.ts'
import { SampleSink, sampleImage } from './encoder-sample.ts'

/** SHA-256 of the sample by encoder; the same on every machine and Node. They change with `FORMAT_VERSION` only. */
export const SAMPLE_HASHES: Readonly<Record<string, string>> = {
  'tar.gz': '07a560a549fc647902e6b5e75d4fd6f4b155a32523142ff993303a63710a356a',
  'tar.zst': '7822bb7afd34aec4663b259c98272cb1e4eff9fc6209c4adade0c14d2328ca23',
  'tar.xz': '5a902c0d24d5e99f45d5bb5a2e897894cb847f2d01e5f96711c4d4232bc5d098',
  cpio: 'fb327396dc1a3b3ed35db6d719a8c866e55a442336273d2906be954e6885d473',
  'squashfs gzip': '30785317f156cbb36f0eb9524e8de9f36e4b18698b05ff04760e6ec7bc06fdf7',
  'squashfs zstd': 'bfbe2c5ccbb9e45362b444bdd872b1444b086cf18422884cf4709626cdd444df',
  'squashfs xz': '3e10ab9960162fed2b890ce10e2aacaac205ba8b1b798a35a2ca7c2cec4f7a5a',
}

const SQUASHFS = { blockSize: 2 ** 17, fragments: true, exportable: true, parallel: 2 }

/** One for each compressor. */
const COMPRESSIONS: readonly Compression[] = [
  { method: 'gzip', level: 9, window: 15 },
  { method: 'zstd', level: 15 },
  { method: 'xz', branchFilter: 'x86', dictionarySize: 2 ** 17 },
]

type Encode = (image: Image, blobs: BlobReader, sink: ImageSink) => Promise<void>

const ENCODERS: Readonly<Record<string, Encode>> = {
  ...Object.fromEntries(
    (['tar.gz', 'tar.zst', 'tar.xz', 'cpio'] as const).map((format): [string, Encode] => [
      format,
      (image, blobs, sink) => IMAGE_WRITERS[format].write(image, blobs, sink, { branchFilter: 'x86' }),
    ]),
  ),
  ...Object.fromEntries(
    COMPRESSIONS.map((compression): [string, Encode] => [
      `squashfs ${compression.method}`,
      (image, blobs, sink) => writeSquashfs(image, blobs, sink, { ...SQUASHFS, compression }),
    ]),
  ),
}

/** Packs a fixed image with every encoder: other bytes than expected mean a damaged or altered Node or library. */
export async function checkEncoders(expected: Readonly<Record<string, string>> = SAMPLE_HASHES): Promise<Finding[]> {
  const wrong = Object.entries(await sampleHashes()).filter(([name, hash]) => hash !== expected[name])
  if (wrong.length === 0) {
    return [pass('encoders', `format version ${FORMAT_VERSION}: ${Object.keys(ENCODERS).join(', ')}`)]
  }
  const names = wrong.map(([name]) => name).join(', ')
  return [fail('encoders', `${names}: not the bytes that every machine gives`, 'E_NOT_REPRODUCIBLE', INSTALL_AGAIN)]
}

const INSTALL_AGAIN =
  'Install mrrl and Node again: npx -y -p node@24 -- npm ci. A Node with a system zlib or zstd differs.'

/** What the encoders of this process make of the sample. */
export async function sampleHashes(): Promise<Record<string, string>> {
  const { image, blobs } = sampleImage()
  const hashes: Record<string, string> = {}
  for (const [name, encode] of Object.entries(ENCODERS)) {
    const sink = new SampleSink()
    await encode(image, blobs, sink)
    hashes[name] = hashOf(digestOf(sink.bytes()))
  }
  return hashes
}

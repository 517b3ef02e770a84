import { gzipSync, zstdCompressSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { xzCompress } from '../../src/util/xz/encode.ts'
import { noise } from '../support/bytes.ts'
import { compareFiles, imageBytes, shortLines } from '../support/compare.ts'
import { ImageBuilder } from '../support/image.ts'
import { spec } from '../support/spec.ts'
import { missing, pipe } from '../support/tools.ts'

const lines = (count: number): string[] => Array.from({ length: count }, (_, at) => `line ${at + 1}`)
const text = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('')

spec('differences of texts', (test) => {
  test('shows each change as a part of a diff', async () => {
    const after = lines(20).with(4, 'other').toSpliced(12, 1)
    const differences = await compareFiles(text(lines(20)), text(after))
    assert.equal(shortLines(differences), [' | line 5 | line 5 | other', ' | line 13 | line 13 | '])
    assert.equal(differences[0]?.where, {
      kind: 'text',
      line: 2,
      lineAfter: 2,
      hunk: [' line 2', ' line 3', ' line 4', '-line 5', '+other', ' line 6', ' line 7', ' line 8'],
    })
  })

  test('shares the lines between near changes', async () => {
    const differences = await compareFiles(text(lines(9)), text(lines(9).with(2, 'x').with(5, 'y')))
    const hunks = differences.map(({ where }) => (where.kind === 'text' ? where.hunk : []))
    assert.equal(hunks, [
      [' line 1', ' line 2', '-line 3', '+x', ' line 4'],
      [' line 5', '-line 6', '+y', ' line 7', ' line 8', ' line 9'],
    ])
  })

  test.unless(missing('patch'), 'gives hunks that patch can apply', async () => {
    const before = text(lines(60))
    const after = text(lines(60).with(0, 'a').with(3, 'b').toSpliced(5, 0, 'c', 'd').toSpliced(30, 4).with(50, 'e'))
    const hunks = (await compareFiles(before, after)).flatMap(({ where }) => {
      if (where.kind !== 'text') return []
      const count = (mark: string): number => where.hunk.filter((line) => line[0] === ' ' || line[0] === mark).length
      return [`@@ -${where.line},${count('-')} +${where.lineAfter},${count('+')} @@`, ...where.hunk]
    })
    const script = 'cd "$(mktemp -d)" && printf %s "$0" > f && patch -s --fuzz=0 f - && cat f && rm -r "$PWD"'
    assert.is(pipe(Buffer.from(text(['--- f', '+++ f', ...hunks])), 'sh', '-c', script, before).toString(), after)
  })

  test('says where a line end is missing', async () => {
    const [found] = await compareFiles('a\nb\n', 'a\nb')
    assert.equal(found?.where.kind === 'text' && found.where.hunk, [' a', '-b', '+b', '\\ No newline at end of file'])
  })

  test('tells the same lines in another order', async () => {
    const [found, ...others] = await compareFiles('b\nB\na\n', 'a\nb\nB\n')
    assert.equal(others, [])
    assert.equal(found?.where, { kind: 'order', of: 'lines', before: 'none', after: 'folded' })
  })

  test('shows of a long line what differs', async () => {
    const long = 'x'.repeat(100_000)
    const [found] = await compareFiles(`${long}1${long}`, `${long}2${long}`)
    assert.ok((found?.before?.length ?? 0) < 1100 && found?.before?.includes('1') && found.after?.includes('2'))
  })

  test('ends soon with texts that have nothing in common', async () => {
    const random = (seed: number): string => text([...noise(60_000, seed)].map((byte, at) => `${byte * at} ${seed}`))
    const started = performance.now()
    const differences = await compareFiles(random(1), random(2))
    assert.is(differences.length, 1)
    assert.ok(performance.now() - started < 20_000)
  })
})

spec('differences of other files', (test) => {
  test('finds texts in binary data', async () => {
    const make = (word: string): Buffer =>
      Buffer.concat([Buffer.from([0, 1, 2, 3]), Buffer.from(word), noise(5000) as Buffer])
    assert.equal(shortLines(await compareFiles(make('/build/x\0'), make('/other/y\0'))), [
      ' | bytes at 0x5 | "/build/x" | "/other/y"',
    ])
    assert.equal(shortLines(await compareFiles(make('/build/x\0'), make('/elsewhere/x\0'))), [
      ' | bytes at 0x4 | "/build/x" | "/elsewhere/x"',
    ])
  })

  test('shows the bytes where there is no text', async () => {
    const bytes = Buffer.from(noise(1000))
    const other = Buffer.from(bytes)
    other[500] = (other[500] as number) ^ 0x80
    other[700] = (other[700] as number) ^ 0x80
    assert.match(
      shortLines(await compareFiles(bytes, other)).join('\n'),
      /^ \| byte at 0x1f4 \| .. \| ..\n \| byte at 0x2bc \| /,
    )
  })

  test('says that two files are of different kinds', async () => {
    const [found] = await compareFiles('!<arch>\n', `${'text '.repeat(200)}\n`)
    assert.is(found?.where.kind === 'bytes' && found.where.why, 'ar and other data')
  })

  test('finds nothing in equal files', async () => {
    for (const bytes of ['', 'text\n', noise(3_000_000)]) assert.equal(await compareFiles(bytes, bytes), [])
  })
})

spec('differences of compressed files', (test) => {
  const gzip = (content: string, mtime: number, name = ''): Buffer => {
    const bytes = gzipSync(content)
    bytes.writeUInt32LE(mtime, 4)
    if (name === '') return bytes
    bytes[3] = 8
    return Buffer.concat([bytes.subarray(0, 10), Buffer.from(`${name}\0`), bytes.subarray(10)])
  }

  test('finds time and name in the header of gzip', async () => {
    const differences = await compareFiles(gzip('x', 1), gzip('x', 2, '/tmp/name'))
    assert.equal(shortLines(differences), [
      ' | gzip MTIME | 1 | 2',
      ' | gzip FLG | 0 | 8',
      ' | gzip FNAME |  | /tmp/name',
    ])
    assert.is(differences[0]?.cause.name, 'date')
  })

  const xz = (content: Buffer, filter: 'x86' | 'none'): Promise<Uint8Array> =>
    xzCompress(content, { preset: 1, check: 'crc32', filter, dictionarySize: 4096 })

  test('looks below each compression', async () => {
    const packers = [
      (content: string) => gzipSync(content),
      (content: string) => zstdCompressSync(content),
      (content: string) => xz(Buffer.from(content), 'none'),
      ...(missing('bzip2') === null ? [(content: string) => pipe(Buffer.from(content), 'bzip2')] : []),
    ]
    for (const pack of packers) {
      const differences = await compareFiles(await pack('one\n'), await pack('two\n'))
      assert.equal(shortLines(differences), [' | line 1 | one | two'])
    }
  })

  test('tells another compression of the same content', async () => {
    const content = 'some text '.repeat(1000)
    const [plain, other] = [await xz(Buffer.from(content), 'none'), await xz(Buffer.from(content), 'x86')]
    assert.equal(shortLines(await compareFiles(plain, other)), [' | xz filters | lzma2 | x86 lzma2'])
    assert.equal(shortLines(await compareFiles(gzipSync(content), plain)), [' | file compression | gzip | xz'])
    assert.equal(shortLines(await compareFiles(content, plain)), [' | file compression |  | xz'])
    const [found] = await compareFiles(gzipSync(content, { level: 2 }), gzipSync(content, { level: 5 }))
    assert.is(found?.where.kind === 'bytes' && found.where.why, 'the same content, compressed in another way')
  })

  test('compares the bytes of what is damaged', async () => {
    const good = gzipSync('content '.repeat(1000))
    const [found] = await compareFiles(good, good.subarray(0, good.length - 6))
    assert.is(found?.where.kind, 'bytes')
  })

  test('does not unpack without end', async () => {
    let bomb: Buffer = Buffer.alloc(2 ** 20)
    let other: Buffer = Buffer.alloc(2 ** 20, 1)
    for (let level = 0; level < 12; level++) [bomb, other] = [gzipSync(bomb), gzipSync(other)]
    const [found] = await compareFiles(bomb, other)
    assert.match(found?.where.kind === 'bytes' ? found.where.why : '', /nested too deep/)
  })
})

spec('differences of ar archives', (test) => {
  const member = (
    name: string,
    content: string,
    fields: { date?: number; mode?: string; uid?: number } = {},
  ): string => {
    const { date = 0, mode = '100644', uid = 0 } = fields
    const head = `${`${name}/`.padEnd(16)}${String(date).padEnd(12)}${String(uid).padEnd(6)}${'0'.padEnd(6)}${mode.padEnd(8)}`
    return `${head}${String(content.length).padEnd(10)}\`\n${content}${content.length % 2 === 1 ? '\n' : ''}`
  }
  const archive = (...members: string[]): string => `!<arch>\n${members.join('')}`

  test('finds header fields, contents and members', async () => {
    const before = archive(member('a.o', 'one\n'), member('b.o', 'x'), member('gone.o', 'y'))
    const after = archive(member('a.o', 'two\n', { date: 7, uid: 5, mode: '100600' }), member('b.o', 'x'))
    const differences = await compareFiles(before, after)
    assert.equal(shortLines(differences), [
      'a.o | ar date | 0 | 7',
      'a.o | ar uid | 0 | 5',
      'a.o | ar mode | 100644 | 100600',
      'a.o | line 1 | one | two',
      'gone.o |  | member of 1 bytes | ',
    ])
    assert.equal(
      differences.map(({ cause }) => cause.name),
      ['date', 'user', 'umask', 'unknown', 'unknown'],
    )
  })

  test('finds members in another order, or twice', async () => {
    const [a, b] = [member('a.o', 'one'), member('b.o', 'x')]
    const clues = [{ name: 'parallelism', before: '1', after: '8' } as const]
    const [order] = await compareFiles(archive(a, b), archive(b, a), clues)
    assert.equal([order?.where.kind, order?.before, order?.after], ['order', 'a.o, b.o', 'b.o, a.o'])
    assert.is(order?.cause.name, 'parallelism')
    const twice = await compareFiles(await inTar(archive(a, b)), await inTar(archive(a, b, a)))
    assert.equal(shortLines(twice), ['lib.a!a.o#2 |  |  | member of 3 bytes'])
    assert.is(twice[0]?.cause.name, 'parallelism')
  })

  test('reads long names of GNU and BSD', async () => {
    const long = 'a-name-that-does-not-fit.o'
    const names = `${'//'.padEnd(48)}${String(long.length + 2).padEnd(10)}\`\n${long}/\n`
    const gnu = (content: string): string => archive(names, member('x', content).replace(/^x\/ {14}/, '/0'.padEnd(16)))
    assert.equal(shortLines(await compareFiles(gnu('1\n'), gnu('2\n'))), [`${long} | line 1 | 1 | 2`])
    const bsd = (content: string): string =>
      archive(member('x', `${long}${content}`).replace(/^x\/ {14}/, '#1/26'.padEnd(16)))
    assert.equal(shortLines(await compareFiles(bsd('1\n'), bsd('2\n'))), [`${long} | line 1 | 1 | 2`])
  })

  test.unless(missing('ar', 'gcc'), 'reads the symbol index of ar', async () => {
    const make = (names: string): Buffer => {
      const script =
        'cd "$(mktemp -d)" && for f in one two; do echo "int $f;" | gcc -xc -c - -o $f.o; done; ' +
        'ar rcD lib.a $0 && cat lib.a && rm -r "$PWD"'
      return pipe(Buffer.alloc(0), 'sh', '-c', script.replace('$0', names))
    }
    assert.equal(shortLines(await compareFiles(make('one.o two.o'), make('two.o one.o'))), [
      ' | order of members | one.o, two.o | two.o, one.o',
      ' | order of symbols of the index | one in one.o, two in two.o | two in two.o, one in one.o | follows',
    ])
  })

  function inTar(content: string): Promise<Buffer> {
    return imageBytes(new ImageBuilder().file('lib.a', content), 'tar')
  }
})

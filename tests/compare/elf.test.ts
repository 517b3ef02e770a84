import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { compareFiles, ownLines, shortLines } from '../support/compare.ts'
import {
  ALLOC,
  EXEC,
  elfBytes,
  type MadeElf,
  type MadeSection,
  NOTE,
  noteBytes,
  PROGBITS,
} from '../support/elf-bytes.ts'
import { spec } from '../support/spec.ts'
import { missing, run, withFolder } from '../support/tools.ts'

const BUILD_ID = 3
const PROPERTIES = 5

function section(name: string, bytes: Buffer | string, flags = ALLOC, type = PROGBITS): MadeSection {
  return { name, type, flags, bytes: Buffer.from(bytes) }
}

/** A program with a text, a number, two functions and a build-id. */
function program(change: Partial<Record<'text' | 'code' | 'id' | 'number', string>> = {}): MadeElf {
  const number = Buffer.alloc(4)
  number.writeUInt32LE(Number(change.number ?? 1000))
  return {
    bits: 64,
    isLittleEndian: true,
    machine: 62,
    sections: [
      section('.text', Buffer.from(change.code ?? '90909090909090909090909090909090c3c3c3c3', 'hex'), ALLOC | EXEC),
      section('.rodata', Buffer.concat([number, Buffer.from(`${change.text ?? 'version 1'}\0`)])),
      section('.note.gnu.build-id', noteBytes(BUILD_ID, Buffer.from(change.id ?? 'a'.repeat(20))), ALLOC, NOTE),
    ],
    symbols: [
      { name: 'main', section: '.text', offset: 0, size: 16, kind: 'function' },
      { name: 'stop', section: '.text', offset: 16, size: 4, kind: 'function' },
      { name: 'limit', section: '.rodata', offset: 0, size: 4 },
      { name: 'banner', section: '.rodata', offset: 4, size: 10 },
    ],
  }
}

spec('differences of ELF files', (test) => {
  for (const bits of [32, 64] as const) {
    for (const isLittleEndian of [true, false]) {
      const name = `${bits} bits, ${isLittleEndian ? 'little' : 'big'} endian`
      test(`names section, symbol and both texts: ${name}`, async () => {
        const make = (text: string): Buffer => elfBytes({ ...program({ text }), bits, isLittleEndian })
        assert.equal(shortLines(await compareFiles(make('version 1'), make('version 2'))), [
          ' | .rodata · banner+0x8 | "version 1" | "version 2"',
        ])
      })
    }
  }

  test('shows a symbol of four bytes as a number', async () => {
    assert.equal(shortLines(await compareFiles(elfBytes(program()), elfBytes(program({ number: '1001' })))), [
      ' | .rodata · limit | 1000 | 1001',
    ])
  })

  test('finds a time of the build that is a number in the code', async () => {
    const [before, after] = ['1700000000', '1734567890']
    const clues = [{ name: 'date', before, after } as const]
    const [found] = await compareFiles(
      elfBytes(program({ number: before })),
      elfBytes(program({ number: after })),
      clues,
    )
    assert.is(found?.cause.name, 'date')
  })

  test('names the function that differs once, however many of its bytes do', async () => {
    const code = '9090c5f877909090909090c5f8779090c3c3c3c3'
    const differences = await compareFiles(elfBytes(program()), elfBytes(program({ code })))
    assert.equal(shortLines(differences), [
      ' | .text · main+0x2 | 90 90 90 90 90 90 90 90 90 90 90 90 | c5 f8 77 90 90 90 90 90 90 c5 f8 77',
    ])
    assert.is(differences[0]?.cause.name, 'cpu')
  })

  test('says that a build-id follows, where something else differs', async () => {
    const after = elfBytes(program({ text: 'version 2', id: 'b'.repeat(20) }))
    assert.equal(shortLines(await compareFiles(elfBytes(program()), after)), [
      ' | .rodata · banner+0x8 | "version 1" | "version 2"',
      ` | build-id | ${'61'.repeat(20)} | ${'62'.repeat(20)} | follows`,
    ])
  })

  test('takes a build-id that differs alone for a path in debug information', async () => {
    const [found] = await compareFiles(elfBytes(program()), elfBytes(program({ id: 'b'.repeat(20) })))
    assert.equal([found?.follows, found?.cause.name], [false, 'path'])
  })

  test('tells text of another length from what it moves', async () => {
    const moved = program({ text: 'a longer version' })
    const differences = await compareFiles(elfBytes(program()), elfBytes(moved))
    assert.equal(ownLines(differences), [' | .rodata · banner | "version 1" | "a longer version"'])
    assert.ok(shortLines(differences).includes(' | .rodata size | 14 | 21 | follows'))
  })

  test('names symbols and sections that one side has', async () => {
    const { sections, symbols, ...rest } = program()
    const other = {
      ...rest,
      sections: [...sections, section('.extra', 'more', 0)],
      symbols: [...symbols.slice(0, 3), { ...(symbols[3] as (typeof symbols)[0]), name: 'other' }],
    }
    assert.equal(ownLines(await compareFiles(elfBytes(program()), elfBytes(other))), [
      ' | .extra section |  | section of 4 bytes',
      ' | .rodata · banner symbol | global object of 10 bytes | ',
      ' | .rodata · other symbol |  | global object of 10 bytes',
    ])
  })

  test('tells functions in another order', async () => {
    const { sections, symbols, ...rest } = program()
    const code = Buffer.from(`c3c3c3c3${'90'.repeat(16)}`, 'hex')
    const other = {
      ...rest,
      sections: [section('.text', code, ALLOC | EXEC), ...sections.slice(1)],
      symbols: [
        { ...(symbols[0] as (typeof symbols)[0]), offset: 4 },
        { ...(symbols[1] as (typeof symbols)[0]), offset: 0 },
        ...symbols.slice(2),
      ],
    }
    const differences = await compareFiles(elfBytes(program()), elfBytes(other))
    assert.equal(ownLines(differences), [' | order of symbols in .text | main, stop | stop, main'])
    assert.is(differences[0]?.cause.name, 'order')
  })

  test('reads what processor a file needs', async () => {
    const make = (isa: number): Buffer => {
      const value = Buffer.alloc(16)
      value.writeUInt32LE(0xc0008002, 0)
      value.writeUInt32LE(4, 4)
      value.writeUInt32LE(isa, 8)
      const note = section('.note.gnu.property', noteBytes(PROPERTIES, value), ALLOC, NOTE)
      return elfBytes({ ...program(), sections: [...program().sections, note] })
    }
    const differences = await compareFiles(make(1), make(7))
    assert.equal(shortLines(differences), [' | .note.gnu.property x86 ISA needed | 0x1 | 0x7'])
    assert.is(differences[0]?.cause.name, 'cpu')
  })

  test('compares files for other machines by their headers only', async () => {
    const differences = await compareFiles(elfBytes(program()), elfBytes({ ...program(), machine: 183, bits: 32 }))
    assert.equal(shortLines(differences), [' | ELF class | 64 bits | 32 bits', ' | ELF machine | 62 | 183'])
  })

  test('compares the bytes of what is damaged', async () => {
    const damaged = elfBytes(program())
    damaged.writeBigUInt64LE(2n ** 60n, 40)
    const [found] = await compareFiles(elfBytes(program()), damaged)
    assert.equal(found?.where.kind, 'bytes')
    assert.match(found?.where.kind === 'bytes' ? found.where.why : '', /damaged ELF file/)
  })

  test.unless(missing('gcc'), 'finds date and path in what a compiler makes', () =>
    withFolder((folder) => {
      const source = 'const char when[] = __DATE__ " " __TIME__, where[] = __FILE__;\n'
      const make = (name: string, epoch: string): Buffer => {
        mkdirSync(join(folder, name))
        writeFileSync(join(folder, name, 'x.c'), source)
        run('env', `SOURCE_DATE_EPOCH=${epoch}`, 'gcc', '-c', join(folder, name, 'x.c'), '-o', join(folder, 'x.o'))
        return readFileSync(join(folder, 'x.o'))
      }
      const [before, after] = [make('one', '86400'), make('another', '1700000000')]
      return compareFiles(before, after).then((differences) => {
        const causes = differences.filter(({ follows }) => !follows).map(({ cause }) => cause.name)
        assert.equal(causes.sort(), ['date', 'path'])
      })
    }),
  )
})

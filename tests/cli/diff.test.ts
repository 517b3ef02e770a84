import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ALLOC, EXEC, elfBytes, PROGBITS } from '../support/elf-bytes.ts'
import { mrrl, type RunResult } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { missing, run, withFolder } from '../support/tools.ts'

/** A program whose constant `limit` has a value. */
function program(limit: number): Buffer {
  const number = Buffer.alloc(4)
  number.writeUInt32LE(limit)
  return elfBytes({
    bits: 64,
    isLittleEndian: true,
    machine: 62,
    sections: [
      { name: '.text', type: PROGBITS, flags: ALLOC | EXEC, bytes: Buffer.alloc(64, 0x90) },
      { name: '.rodata', type: PROGBITS, flags: ALLOC, bytes: Buffer.concat([Buffer.from('a text\0\0'), number]) },
    ],
    symbols: [
      { name: 'main', section: '.text', offset: 0, size: 64, kind: 'function' },
      { name: 'limit', section: '.rodata', offset: 8, size: 4 },
    ],
  })
}

/** A folder with a program, a script and a text. */
function makeTree(folder: string, { limit, mode, line }: { limit: number; mode: number; line: string }): void {
  for (const name of ['bin', 'etc']) mkdirSync(join(folder, name), { recursive: true, mode: 0o755 })
  const file = (name: string, content: string | Buffer, own: number): void => {
    writeFileSync(join(folder, name), content)
    chmodSync(join(folder, name), own)
  }
  file('bin/program', program(limit), 0o755)
  file('bin/script', '#!/bin/sh\n', mode)
  file('etc/motd', `welcome\n${line}\ngood bye\n`, 0o644)
  file('etc/same', 'same\n', 0o644)
}

const ONE = { limit: 1000, mode: 0o755, line: 'one' }
const TWO = { limit: 1001, mode: 0o750, line: 'two' }

function inTrees(body: (run: (...args: string[]) => RunResult, cwd: string) => unknown): Promise<unknown> {
  return withFolder(async (cwd) => {
    makeTree(join(cwd, 'one'), ONE)
    makeTree(join(cwd, 'two'), TWO)
    await body((...args) => mrrl(args, { cwd, env: { SOURCE_DATE_EPOCH: '0' } }), cwd)
  })
}

const EXPECTED = `bin/program
  .rodata · limit  1000 → 1001
bin/script
  mode  0755 → 0750  (umask: only the mode differs)
etc/motd
  line 2
    @@ -1,3 +1,3 @@
     welcome
    -one
    +two
     good bye

3 differences in 3 places
  umask    1  State the modes when files are installed: install -m 0644, chmod.
  unknown  2  Look at the step that makes this file; mrrl shell opens its sandbox.
`

spec('mrrl diff', (test) => {
  for (const format of ['squashfs', 'tar.xz', 'cpio.zst']) {
    test(`names an ELF constant, a mode and a line of a text in two ${format}, and nothing else`, () =>
      inTrees((run) => {
        for (const side of ['one', 'two'])
          assert.is(run('pack', side, '-o', `${side}.${format}`, '--all-root').status, 0)
        const { status, stdout, stderr } = run('diff', `one.${format}`, `two.${format}`)
        assert.equal([status, stderr], [1, ''])
        assert.is(stdout, EXPECTED)
      }))
  }

  test('names the same in two folders', () =>
    inTrees((run) => {
      const { status, stdout } = run('diff', 'one', 'two')
      assert.equal([status, stdout], [1, EXPECTED])
    }))

  test.unless(missing('gcc'), 'names the constant in what a compiler makes, and what follows from it', () =>
    inTrees((mrrl, cwd) => {
      for (const [side, limit] of [
        ['one', 1000],
        ['two', 1001],
      ] as const) {
        const source = join(cwd, 'x.c')
        writeFileSync(source, `const volatile int limit = ${limit};\nint main(void) { return limit; }\n`)
        run('gcc', '-O2', '-Wl,--build-id', source, '-o', join(cwd, side, 'bin/program'))
        mrrl('pack', side, '-o', `${side}.squashfs`, '--all-root')
      }
      const { stdout } = mrrl('diff', 'one.squashfs', 'two.squashfs')
      const expected = EXPECTED.replace('.rodata', '.data').replace(
        '1001\n',
        '1001\n  and from that follows: build-id\n',
      )
      assert.is(stdout, expected.replace('places\n', 'places; 1 more follows from that\n'))
    }),
  )

  test('says that two formats hold the same tree', () =>
    inTrees((run) => {
      for (const format of ['squashfs', 'tar.xz', 'cpio']) run('pack', 'one', '-o', `one.${format}`)
      for (const [a, b] of [
        ['one.squashfs', 'one.tar.xz'],
        ['one.cpio', 'one.squashfs'],
        ['one.tar.xz', 'one'],
        ['one', 'one'],
        ['one.cpio', 'one.cpio'],
      ] as const) {
        const { status, stdout } = run('diff', a, b)
        assert.equal([status, stdout], [0, 'no difference\n'], `${a} ${b}`)
      }
    }))

  test('tells format and options of the same tree', () =>
    inTrees((run) => {
      run('pack', 'one', '-o', 'a.squashfs', '--epoch', '0')
      run('pack', 'one', '-o', 'b.squashfs', '--epoch', '1700000000', '--block-size', '64K')
      const { status, stdout } = run('diff', 'a.squashfs', 'b.squashfs')
      assert.is(status, 1)
      assert.match(
        stdout,
        /^a\.squashfs, b\.squashfs\n {2}mtime {2}0 .*\n {2}squashfs mkfs time {2}0 → 1700000000 {2}\(date: /,
      )
      assert.match(stdout, /\n {2}squashfs block size {2}131072 → 65536\n/)
      assert.match(stdout, /\n6 entries: bin {2}bin\/program {2}bin\/script {2}…\n {2}mtime {2}0 .* → 1700000000 /)
      run('pack', 'one', '-o', 'a.tar.gz')
      run('pack', 'one', '-o', 'a.tar.xz')
      assert.match(
        run('diff', 'a.tar.gz', 'a.tar.xz').stdout,
        /^a\.tar\.gz, a\.tar\.xz\n {2}file compression {2}gzip → xz\n/,
      )
    }))

  test('gives everything as JSON', () =>
    inTrees((run, cwd) => {
      const { status, stdout } = run('diff', 'one', 'two', '--json')
      assert.is(status, 1)
      const { differences, ...head } = JSON.parse(stdout)
      assert.equal(head, { before: join(cwd, 'one'), after: join(cwd, 'two'), same: false, count: 3 })
      assert.equal(differences[0], {
        path: 'bin/program',
        where: { kind: 'elf', section: '.rodata', isCode: false, field: 'content', symbol: 'limit', offset: 0 },
        before: '1000',
        after: '1001',
        follows: false,
        cause: {
          name: 'unknown',
          because: '',
          advice: 'Look at the step that makes this file; mrrl shell opens its sandbox.',
        },
      })
      assert.equal(JSON.parse(run('diff', 'one', 'one', '--json').stdout).differences, [])
    }))

  test('shows as many as are wanted, and counts all', () =>
    inTrees((run) => {
      const { stdout } = run('diff', 'one', 'two', '--limit', '1')
      assert.match(stdout, /^bin\/program\n.*\n2 more are not shown \(--limit\)\n\n3 differences in 3 places\n/)
      const { differences, count } = JSON.parse(run('diff', 'one', 'two', '--limit', '1', '--json').stdout)
      assert.equal([differences.length, count], [1, 3])
      assert.equal(run('diff', 'one', 'two', '-q'), { status: 1, stdout: '', stderr: '' })
    }))

  test('shows a folder that one side has in one line', () =>
    inTrees((run, cwd) => {
      makeTree(join(cwd, 'one/more'), ONE)
      assert.match(run('diff', 'one', 'two').stdout, /\nmore {2}only before: directory, and 6 below it\n/)
    }))

  test('shows nothing that moves the cursor', () =>
    inTrees((run, cwd) => {
      writeFileSync(join(cwd, 'one/esc\x1b[31m'), '')
      writeFileSync(join(cwd, 'two/etc/motd'), 'welcome\n\x1b]0;title\x07two\ngood bye\n')
      const { stdout } = run('diff', 'one', 'two')
      assert.not.match(stdout, /(?!\n)\p{Cc}/u)
    }))

  const wrong: readonly (readonly [string, string[], number, RegExp])[] = [
    ['a file that is not there', ['one', 'none'], 2, /^E_USAGE {2}there is no file or folder none/],
    ['a folder and a file', ['one', 'one/etc/motd'], 2, /^E_USAGE {2}.*motd is neither a folder nor an image/],
    ['one argument', ['one'], 2, /^E_USAGE /],
    ['diffoscope with JSON', ['one', 'two', '--with-diffoscope', '--json'], 2, /contradict/],
    ['a limit of nothing', ['one', 'two', '--limit', '0'], 2, /whole number/],
  ]
  for (const [what, args, expected, message] of wrong) {
    test(`refuses ${what}`, () =>
      inTrees((run) => {
        const { status, stdout, stderr } = run('diff', ...args)
        assert.is(status, expected)
        assert.match(stdout + stderr, message)
      }))
  }

  test('refuses what is neither file nor folder, and names that no image can have', () =>
    inTrees((mrrl, cwd) => {
      writeFileSync(Buffer.concat([Buffer.from(`${cwd}/two/`), Buffer.from([0xff])]), '')
      for (const other of ['/dev/null', 'two']) {
        const { status, stderr } = mrrl('diff', 'one', other)
        assert.equal([status, stderr.slice(0, 7)], [2, 'E_USAGE'], other)
      }
    }))

  test('names the image that is damaged', () =>
    inTrees((run, cwd) => {
      run('pack', 'one', '-o', 'one.tar')
      writeFileSync(join(cwd, 'bad.tar'), readFileSync(join(cwd, 'one.tar')).subarray(0, 2000))
      const { status, stderr } = run('diff', 'one.tar', 'bad.tar')
      assert.match(stderr, /^E_ARCHIVE {2}.*bad\.tar: /)
      assert.is(status, 4)
    }))

  test('runs diffoscope where it is installed, and says where it is not', () =>
    withFolder((cwd) => {
      writeFileSync(join(cwd, 'a'), 'one\n')
      writeFileSync(join(cwd, 'b'), 'two\n')
      const path = join(cwd, 'bin')
      mkdirSync(path)
      const args = ['diff', 'a', 'b', '--with-diffoscope']
      const absent = mrrl(args, { cwd, env: { PATH: `${path}:/usr/bin:/bin` } })
      if (missing('diffoscope') === 'not installed: diffoscope') {
        assert.match(absent.stderr, /^E_USAGE {2}diffoscope is not installed\n {2}Install diffoscope, or leave out/)
        assert.is(absent.status, 2)
      }
      const program = (status: number): void => {
        writeFileSync(
          join(path, 'diffoscope'),
          `#!/bin/sh\n[ "$1" = --version ] || { echo "says $*"; exit ${status}; }\n`,
        )
        chmodSync(join(path, 'diffoscope'), 0o755)
      }
      program(1)
      const { status, stdout } = mrrl(args, { cwd, env: { PATH: `${path}:/usr/bin:/bin` } })
      assert.is(status, 1)
      assert.match(stdout, /-one\n[\s\S]*\nsays -- \/.*\/a \/.*\/b\n$/)
      program(2)
      const failed = mrrl(args, { cwd, env: { PATH: `${path}:/usr/bin:/bin` } })
      assert.equal([failed.status, /diffoscope ended with 2/.test(failed.stderr)], [2, true])
    }))
})

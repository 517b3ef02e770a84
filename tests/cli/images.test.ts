import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { FILE_FORMATS } from '../../src/formats/format-names.ts'
import { noise } from '../support/bytes.ts'
import { mrrl, ROOT, type RunResult } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { missing, missingRoot, run, withFolder } from '../support/tools.ts'

const LAUNCHER = join(ROOT, 'bin/mrrl.js')

/** A small folder of a user's own, in `cwd`. */
function makeSite(cwd: string): void {
  mkdirSync(join(cwd, 'site/sub'), { recursive: true, mode: 0o755 })
  writeFileSync(join(cwd, 'site/index.html'), '<p>hello</p>\n', { mode: 0o644 })
  writeFileSync(join(cwd, 'site/sub/blob'), noise(300_000), { mode: 0o600 })
  writeFileSync(join(cwd, 'site/esc\x1b[31m\\'), '', { mode: 0o644 })
  symlinkSync('sub', join(cwd, 'site/link'))
  symlinkSync('index.html', join(cwd, 'site/home'))
}

function inSite(body: (run: (...args: string[]) => RunResult, cwd: string) => unknown): Promise<unknown> {
  return withFolder(async (cwd) => {
    makeSite(cwd)
    await body((...args) => mrrl(args, { cwd, env: { SOURCE_DATE_EPOCH: '' } }), cwd)
  })
}

/** Runs `mrrl` and hands out its process. */
function start(args: readonly string[], cwd: string): ChildProcess {
  return spawn(process.execPath, [LAUNCHER, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
}

function ended(child: ChildProcess): Promise<{ status: number | null; stderr: string }> {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdout?.resume()
  return new Promise((done) => child.on('close', (status) => done({ status, stderr })))
}

spec('mrrl pack', (test) => {
  for (const format of FILE_FORMATS) {
    test(`writes ${format}, the same bytes at another time and place`, () =>
      inSite((run, cwd) => {
        const first = run(
          'pack',
          'site',
          '-o',
          `one.${format}`,
          '--owner',
          '7',
          '--group',
          '8',
          '--epoch',
          '1700000000',
        )
        assert.equal([first.status, first.stderr], [0, ''])
        assert.match(first.stdout, new RegExp(`^one\\.${format}  [0-9 ]+ B  from 7 entries with 300 kB, `))
        for (const path of ['index.html', 'sub']) utimesSync(join(cwd, 'site', path), 5, 5)
        mkdirSync(join(cwd, 'elsewhere'))
        const again = mrrl(
          ['pack', '../site', '-o', 'two', '--format', format, '--owner=7', '--group=8', '-j', '1', '-q'],
          {
            cwd: join(cwd, 'elsewhere'),
            env: { SOURCE_DATE_EPOCH: '1700000000', TZ: 'Asia/Tokyo', LC_ALL: 'tr_TR.UTF-8' },
          },
        )
        assert.equal([again.status, again.stdout, again.stderr], [0, '', ''])
        assert.ok(readFileSync(join(cwd, `one.${format}`)).equals(readFileSync(join(cwd, 'elsewhere/two'))))
      }))

    test(`writes ${format} so that ls, cat and extract give it back`, () =>
      inSite((run, cwd) => {
        assert.is(run('pack', 'site', '-o', `it.${format}`, '-q').status, 0)
        const listing = run('ls', `it.${format}`).stdout.split('\n')
        assert.is(listing.length, 8)
        assert.match(listing[0] ?? '', /^drwxr-xr-x \d+\/\d+ +1970-01-01 00:00 \.$/)
        assert.match(listing[1] ?? '', /^-rw-r--r-- .* 0 1970-01-01 00:00 esc\\033\[31m\\134$/)
        assert.match(listing[2] ?? '', /^lrwxrwxrwx .* home -> index\.html$/)
        assert.is(run('cat', `it.${format}`, 'index.html').stdout, '<p>hello</p>\n')
        assert.is(run('cat', `it.${format}`, '/./index.html').stdout, '<p>hello</p>\n')
        assert.is(run('extract', `it.${format}`, 'out', '-q').status, 0)
        assert.equal(readdirSync(join(cwd, 'out')).sort(), readdirSync(join(cwd, 'site')).sort())
        assert.ok(readFileSync(join(cwd, 'out/sub/blob')).equals(noise(300_000) as Buffer))
        assert.is(lstatSync(join(cwd, 'out/sub/blob')).mode & 0o7777, 0o600)
        assert.is(lstatSync(join(cwd, 'out/home')).mtimeMs, 0)
      }))
  }

  test('leaves out what is excluded, and gives root everything when that is asked for', () =>
    inSite((run) => {
      assert.is(run('pack', 'site', '-o', 'it.sqfs', '--all-root', '--exclude', 'sub', '--exclude', '*.html').status, 0)
      const { entries } = JSON.parse(run('ls', 'it.sqfs', '--json').stdout)
      assert.equal(
        entries.map(({ path, uid, gid }: Record<string, unknown>) => [path, uid, gid]),
        [
          ['', 0, 0],
          ['esc\x1b[31m\\', 0, 0],
          ['home', 0, 0],
          ['link', 0, 0],
        ],
      )
    }))

  for (const [compression, name] of Object.entries({ gzip: 'gzip', xz: 'xz', zstd: 'zstd' })) {
    test.unless(missing('unsquashfs'), `writes a squashfs with ${compression} that its own tools read`, () =>
      inSite((mrrl, cwd) => {
        const args = ['--compression', compression, '--block-size', '64K', '--epoch', '86400']
        assert.is(mrrl('pack', 'site', '-o', 'it.squashfs', ...args).status, 0)
        const said = run('unsquashfs', '-s', join(cwd, 'it.squashfs')).toString()
        assert.match(said, new RegExp(`Compression ${name}\n(.*\n)*Block size 65536`))
      }),
    )
  }

  test('says what it did as JSON', () =>
    inSite((run, cwd) => {
      const report = JSON.parse(run('pack', 'site', '-o', 'it.tar', '--json').stdout)
      assert.equal(
        { ...report, wallMs: 0 },
        {
          path: join(cwd, 'it.tar'),
          format: 'tar',
          bytes: lstatSync(join(cwd, 'it.tar')).size,
          entries: 7,
          content: 300_013,
          warnings: [],
          wallMs: 0,
        },
      )
    }))

  const wrong: readonly (readonly [string, string[], RegExp])[] = [
    ['no image', ['pack', 'site'], /no image is named/],
    ['a name without a format', ['pack', 'site', '-o', 'image'], /ends in no format/],
    ['an unknown format', ['pack', 'site', '-o', 'a', '--format', 'zip'], /one of tar, /],
    [
      'a block size for tar',
      ['pack', 'site', '-o', 'a.tar', '--block-size', '4K'],
      /--block-size means nothing for tar/,
    ],
    [
      'a level for xz',
      ['pack', 'site', '-o', 'a.sqfs', '--compression', 'xz', '--level', '9'],
      /--level means nothing/,
    ],
    ['a filter for zstd', ['pack', 'site', '-o', 'a.sqfs', '--filter', 'x86'], /--filter x86 means nothing/],
    ['two kinds of owner', ['pack', 'site', '-o', 'a.tar', '--all-root', '--owner', '5'], /contradict/],
    ['a word for an owner', ['pack', 'site', '-o', 'a.tar', '--owner', 'me'], /whole number/],
    ['a bad glob', ['pack', 'site', '-o', 'a.tar', '--exclude', 'a{'], /brace/],
    ['an image in the folder', ['pack', 'site', '-o', 'site/sub/a.tar'], /lie in the folder/],
  ]
  for (const [what, args, message] of wrong) {
    test(`refuses ${what} with status 2`, () =>
      inSite((run, cwd) => {
        const { status, stdout, stderr } = run(...args)
        assert.equal([status, stdout], [2, ''])
        assert.match(stderr, /^E_USAGE {2}/)
        assert.match(stderr, message)
        assert.equal(readdirSync(cwd), ['site'])
      }))
  }

  test('refuses a time that is none', () =>
    inSite((_, cwd) => {
      const { status, stderr } = mrrl(['pack', 'site', '-o', 'a.tar'], { cwd, env: { SOURCE_DATE_EPOCH: 'now' } })
      assert.is(status, 2)
      assert.match(stderr, /SOURCE_DATE_EPOCH is no time/)
    }))

  test('refuses what it cannot read or write, and leaves nothing', () =>
    inSite((run, cwd) => {
      for (const [code, ...args] of [
        ['E_SOURCE', 'nowhere', '-o', 'a.tar'],
        ['E_SOURCE', 'site/index.html', '-o', 'a.tar'],
        ['E_TARGET', 'site', '-o', 'no/where/a.tar'],
        ['E_TARGET', 'site', '-o', 'site/../folder.tar'],
      ] as const) {
        if (code === 'E_TARGET' && !existsSync(join(cwd, 'folder.tar'))) mkdirSync(join(cwd, 'folder.tar'))
        const { status, stderr } = run('pack', ...args)
        assert.is(status, 1)
        assert.match(stderr, new RegExp(`^${code}  `))
      }
      assert.equal(readdirSync(cwd).sort(), ['folder.tar', 'site'])
    }))

  test('replaces an image only with a whole one', () =>
    inSite(async (run, cwd) => {
      writeFileSync(join(cwd, 'it.tar.xz'), 'before')
      const big = join(cwd, 'site/big')
      writeFileSync(big, noise(24 * 2 ** 20))
      const child = start(['pack', 'site', '-o', 'it.tar.xz'], cwd)
      const end = ended(child)
      // The scratch folder appears when the folder has been looked through.
      while (!readdirSync(cwd).some((name) => name.startsWith('.it.tar.xz-'))) {
        await new Promise((later) => setTimeout(later, 5))
      }
      truncateSync(big, 1000)
      const { status, stderr } = await end
      assert.is(status, 1)
      assert.match(stderr, /^E_SOURCE_CHANGED {2}.*site\/big changed while/)
      assert.is(readFileSync(join(cwd, 'it.tar.xz'), 'utf8'), 'before')
      assert.equal(readdirSync(cwd).sort(), ['it.tar.xz', 'site'])
      assert.is(run('pack', 'site', '-o', 'it.tar.xz').status, 0)
    }))

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGKILL', null],
  ] as const) {
    test(`leaves no image after ${signal}`, () =>
      inSite(async (_, cwd) => {
        writeFileSync(join(cwd, 'site/big'), noise(24 * 2 ** 20))
        const child = start(['pack', 'site', '-o', 'it.tar.xz'], cwd)
        const end = ended(child)
        while (!readdirSync(cwd).some((name) => name.startsWith('.it.tar.xz-'))) {
          await new Promise((later) => setTimeout(later, 5))
        }
        child.kill(signal)
        assert.is((await end).status, expected)
        assert.not.ok(existsSync(join(cwd, 'it.tar.xz')))
        if (signal !== 'SIGKILL') assert.equal(readdirSync(cwd), ['site'])
      }))
  }
})

spec('mrrl ls, cat and extract', (test) => {
  test('refuse what is no image', () =>
    inSite((run, cwd) => {
      writeFileSync(join(cwd, 'empty'), '')
      writeFileSync(join(cwd, 'text.tar'), 'x'.repeat(5000))
      for (const name of ['empty', 'text.tar']) {
        for (const args of [
          ['ls', name],
          ['cat', name, 'x'],
          ['extract', name, 'out'],
        ]) {
          const { status, stdout, stderr } = run(...args)
          assert.equal([status, stdout], [4, ''])
          assert.match(stderr, new RegExp(`^E_ARCHIVE {2}.*${name}`))
        }
      }
      assert.match(run('ls', 'none.tar').stderr, /^E_SOURCE {2}cannot read .*none\.tar: it does not exist/)
      assert.match(run('cat', 'site', 'x').stderr, /^E_SOURCE {2}.*site is not a file/)
      assert.not.ok(existsSync(join(cwd, 'out')))
    }))

  test('list a file even where a profile has its name', () =>
    inSite((run, cwd) => {
      assert.is(run('pack', 'site', '-o', 'mini', '--format', 'cpio').status, 0)
      assert.match(run('ls', 'mini').stdout, /index\.html\n/)
      assert.match(mrrl(['ls', 'mini'], { cwd: join(cwd, 'site') }).stdout, /^PACKAGE/)
    }))

  test('say where a link leads instead of following it', () =>
    inSite((run) => {
      for (const format of ['tar.gz', 'squashfs']) {
        run('pack', 'site', '-o', `it.${format}`)
        for (const [path, message] of [
          ['home', /\/home is a link to index\.html\n.*\n {2}Links are not followed/],
          ['link/blob', /the image has no \/link\/blob: \/link is a link to sub\n/],
          ['sub', /\/sub is a directory\n/],
          ['sub/none', /the image has no \/sub\/none\n.*\n {2}See what is in it with: mrrl ls it\./],
          ['', /\/ is a directory\n/],
        ] as const) {
          const { status, stdout, stderr } = run('cat', `it.${format}`, path)
          assert.equal([status, stdout], [2, ''], path)
          assert.match(stderr, message)
        }
      }
    }))

  test('print the second name of a file too', () =>
    inSite((mrrl, cwd) => {
      run('ln', join(cwd, 'site/index.html'), join(cwd, 'site/zz'))
      for (const format of ['tar.gz', 'squashfs', 'cpio']) {
        mrrl('pack', 'site', '-o', `it.${format}`)
        assert.is(mrrl('cat', `it.${format}`, 'zz').stdout, '<p>hello</p>\n')
        assert.match(mrrl('ls', `it.${format}`).stdout, /^h.* zz link to index\.html$/m)
      }
    }))

  test('end quietly when nobody reads any more', () =>
    inSite((mrrl, cwd) => {
      writeFileSync(join(cwd, 'site/big'), noise(8 * 2 ** 20))
      mrrl('pack', 'site', '-o', 'it.tar')
      const script = `"$0" "$1" cat it.tar big | head -c 10 | wc -c; "$0" "$1" ls it.tar | head -n 1`
      const said = run('sh', '-c', `cd "$2" && ${script}`, process.execPath, LAUNCHER, cwd).toString()
      assert.match(said, /^10\nd.* \.\n$/)
    }))

  test('pass bytes on as they are', () =>
    inSite((mrrl, cwd) => {
      mrrl('pack', 'site', '-o', 'it.squashfs')
      run('sh', '-c', `cd "$2" && "$0" "$1" cat it.squashfs sub/blob > blob`, process.execPath, LAUNCHER, cwd)
      assert.ok(readFileSync(join(cwd, 'blob')).equals(noise(300_000) as Buffer))
    }))

  test('extract into what is new or empty only', () =>
    inSite((run, cwd) => {
      run('pack', 'site', '-o', 'it.tar')
      assert.match(run('extract', 'it.tar', 'site').stderr, /^E_TARGET {2}.*site is there already/)
      mkdirSync(join(cwd, 'empty'))
      assert.equal(mrrl(['extract', '../it.tar', '.'], { cwd: join(cwd, 'empty') }).status, 0)
      assert.equal(readdirSync(join(cwd, 'empty')).sort(), readdirSync(join(cwd, 'site')).sort())
      assert.match(run('extract', 'it.tar', 'new').stdout, /^new {2}7 entries, 300 kB\n$/)
    }))

  test.unless(missingRoot(), 'make devices for root alone, when that is asked for', () =>
    inSite((mrrl, cwd) => {
      run('mknod', join(cwd, 'site/null'), 'c', '1', '3')
      mrrl('pack', 'site', '-o', 'it.cpio', '--owner', '5')
      const { stderr } = mrrl('extract', 'it.cpio', 'without')
      assert.match(stderr, /^1 devices, left out\n$/)
      assert.not.ok(existsSync(join(cwd, 'without/null')))
      assert.is(lstatSync(join(cwd, 'without/home')).uid, 0)
      assert.is(mrrl('extract', 'it.cpio', 'with', '--devices', '--owners').status, 0)
      assert.ok(lstatSync(join(cwd, 'with/null')).isCharacterDevice())
      assert.is(lstatSync(join(cwd, 'with/home')).uid, 5)
    }),
  )
})

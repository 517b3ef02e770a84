import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { BuildReport } from '../../src/engine/report.ts'
import { listMounted, listTree, READERS } from '../support/foreign.ts'
import { build, lockOf, ROOT } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { missing, missingRoot, run } from '../support/tools.ts'

const folder = await mkdtemp(join(tmpdir(), 'mrrl-e2e-'))
process.once('exit', () => spawnSync('rm', ['-rf', folder]))
const images = {
  tar: join(folder, 'images/x86_64/rootfs.tar.xz'),
  squashfs: join(folder, 'images/x86_64/rootfs.squashfs'),
}
const rootfs = join(folder, 'rootfs')

spec('x86_64', (test) => {
  test('builds in the store as found, as locked', () => {
    const report: BuildReport = build('x86_64', [], { cwd: folder })
    assert.equal(Object.keys(lockOf('x86_64').images).sort(), ['rootfs.squashfs', 'rootfs.tar.xz'])
    assert.equal(
      report.images.map(({ locked }) => locked),
      ['same', 'same'],
    )
    mkdirSync(rootfs)
    run('tar', '-xJf', images.tar, '-C', rootfs, '--no-same-owner')
  })

  test('has nothing to do the second time', () => {
    const report = build('x86_64', [], { cwd: folder })
    assert.ok(report.steps.every(({ cached }) => cached))
  })

  const reason = missingRoot() ?? missing('tar', 'bsdtar', 'unsquashfs', 'sqfs2tar')
  test.unless(reason, 'reads the same through GNU tar, bsdtar, unsquashfs, sqfs2tar and the kernel', () => {
    const expected = listMounted(images.squashfs, join(folder, 'mounted'))
    assert.ok(expected.length > 200)
    for (const [name, read] of Object.entries(READERS)) {
      const into = join(folder, name.replace(' ', '-'))
      mkdirSync(into)
      read(images, into)
      // bsdtar leaves the folder that it unpacks into, the first in the list, as it is.
      const from = name === 'bsdtar' ? 1 : 0
      assert.equal(listTree(into).slice(from), expected.slice(from), name)
    }
  })

  test('runs sh, ls, id and vi', () => {
    assert.match(inImage('sh -c "echo hello"'), /^hello$/m)
    assert.match(inImage('ls -l /'), /\betc$/m)
    assert.match(inImage('id'), /uid=0\(root\)/)
    assert.match(inImage('vi --help 2>&1'), /BusyBox/)
  })

  test("assembles and links a program with the image's own as and ld, and runs it", () => {
    writeFileSync(join(rootfs, 'tmp/hello.s'), HELLO)
    assert.is(inImage('cd /tmp && as -o hello.o hello.s && ld -o hello hello.o && ./hello'), 'hello\n')
  })

  test('runs a foreign compiler, which compiles a C file', () => {
    const seed = seedFolder()
    writeFileSync(join(rootfs, 'tmp/answer.c'), 'int answer(void) { return 42; }\n')
    const compile =
      '/mnt/bin/x86_64-unknown-linux-gnu-gcc -O2 -c -o /tmp/answer.o /tmp/answer.c && readelf -h /tmp/answer.o'
    assert.match(inImage(compile, seed), /X86-64/)
  })

  test('names nothing of the machine that built it', () => {
    const home = userInfo().homedir
    // Every image has a /root of its own.
    const names = [
      folder,
      ROOT,
      ...(home === '/root' ? [] : [home]),
      hostname(),
      '/build/',
      '/seed/',
      '/cross/',
      '/sysroot/',
    ]
    const bytes = run('tar', '-xJOf', images.tar).toString('latin1')
    assert.equal(
      names.filter((name) => name.length > 3 && new RegExp(`(^|[^\\w./-])${literal(name)}`).test(bytes)),
      [],
    )
    const year = new Date().getUTCFullYear()
    assert.not.ok(new RegExp(`(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-3]\\d ${year}`).test(bytes))
  })

  test('lists every file with its package, and the size of the C library and BusyBox', async () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'images/x86_64/manifest.json'), 'utf8'))
    assert.ok(manifest.files.every((file: { package: string }) => file.package !== ''))
    console.log(manifest.packages)
    await rm(rootfs, { recursive: true, force: true })
  })
})

/** Runs a shell command in a namespace rooted in the image; `mnt` appears as `/mnt`. */
function inImage(command: string, mnt?: string): string {
  const setup = [
    `mount --bind ${rootfs} ${rootfs}`,
    `mount -t proc proc ${rootfs}/proc`,
    ...(mnt === undefined ? [] : [`mkdir -p ${rootfs}/mnt`, `mount --bind ${mnt} ${rootfs}/mnt`]),
    `cd ${rootfs}`,
    'mount --move . /',
    'exec chroot . /bin/sh -c "$1"',
  ]
  const argv = ['-Urmpf', '--propagation', 'private', '/bin/sh', '-ec', setup.join('\n'), 'sh', command]
  const result = spawnSync('unshare', argv, { encoding: 'utf8', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
  if (result.status !== 0) throw new Error(`${command}: ${result.stdout}${result.stderr}`)
  return result.stdout
}

/** The seed toolchain as the store has it. */
function seedFolder(): string {
  const home = process.env.MRRL_HOME ?? join(process.env.XDG_CACHE_HOME ?? join(userInfo().homedir, '.cache'), 'mrrl')
  const found = run('sh', '-c', `ls -d "${home}"/store-v1/checkouts/*/bin/x86_64-unknown-linux-gnu-gcc | head -1`)
  const path = found
    .toString()
    .trim()
    .replace(/\/bin\/[^/]*$/, '')
  if (!existsSync(path)) throw new Error('the store has no checkout of the seed')
  return path
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

const HELLO = `
  .globl _start
_start:
  mov $1, %eax
  mov $1, %edi
  lea text(%rip), %rsi
  mov $6, %edx
  syscall
  mov $60, %eax
  xor %edi, %edi
  syscall
text: .ascii "hello\\n"
`

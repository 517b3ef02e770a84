import * as assert from 'uvu/assert'
import { FILE_FORMATS } from '../../src/formats/format-names.ts'
import { IMAGE_WRITERS } from '../../src/formats/writers.ts'
import { FORMATS } from '../../src/model/profile.ts'
import { parseProfile } from '../../src/recipes/parse-profile.ts'
import { parseToolchain } from '../../src/recipes/parse-toolchain.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const PROFILE = {
  name: 'tiny',
  summary: 'Next to nothing',
  target: { arch: 'x86_64' },
  toolchain: 'gcc-14',
  packages: ['busybox'],
}

const BAD_PROFILES: readonly (readonly [string, object])[] = [
  ['name', { ...PROFILE, name: 'a/b' }],
  ['target.arch', { ...PROFILE, target: { arch: 'sparc' } }],
  ['target.cpu', { ...PROFILE, target: { arch: 'x86_64', cpu: 'armv8-a' } }],
  ['target.kernel', { ...PROFILE, target: { arch: 'x86_64', kernel: 'new' } }],
  ['target.libc', { ...PROFILE, target: { arch: 'x86_64', libc: 'musl' } }],
  ['packages[0]', { ...PROFILE, packages: ['../x'] }],
  ['build.optimize', { ...PROFILE, build: { optimize: 'z' } }],
  ['build.lto', { ...PROFILE, build: { lto: 'yes' } }],
  ['build.hardening[0]', { ...PROFILE, build: { hardening: ['aslr'] } }],
  ['packageBuild.busybox.lot', { ...PROFILE, packageBuild: { busybox: { lot: true } } }],
  ['shell', { ...PROFILE, shell: 'sh' }],
  ['users[0].uid', { ...PROFILE, users: [{ name: 'me', uid: -1, gid: 0, home: '/' }] }],
  ['users[0].home', { ...PROFILE, users: [{ name: 'me', uid: 1, gid: 1, home: '/a:b' }] }],
  ['groups[0].name', { ...PROFILE, groups: [{ name: 'Big Group', gid: 1 }] }],
  ['files[0].path', { ...PROFILE, files: [{ kind: 'directory', path: '/etc' }] }],
  ['files[0].text', { ...PROFILE, files: [{ kind: 'file', path: 'etc/x' }] }],
  ['permissions[0].mode', { ...PROFILE, permissions: [{ paths: 'bin/su', mode: 0o10000 }] }],
  ['formats[0]', { ...PROFILE, formats: ['zip'] }],
  ['epoch', { ...PROFILE, epoch: 2 ** 32 }],
  ['package', { ...PROFILE, package: [] }],
]

const TOOLCHAIN = {
  kind: 'source',
  name: 'gcc-14',
  gcc: '14.2.0',
  triples: { x86_64: 'x86_64-mrrl-linux-gnu' },
  packages: ['cross-gcc'],
  sysroot: ['glibc'],
}

const BAD_TOOLCHAINS: readonly (readonly [string, object])[] = [
  ['kind', { ...TOOLCHAIN, kind: 'rust' }],
  ['gcc', { ...TOOLCHAIN, gcc: 'fourteen' }],
  ['triples.x86_64', { ...TOOLCHAIN, triples: { x86_64: 'x86_64' } }],
  ['triples.mips', { ...TOOLCHAIN, triples: { mips: 'mips-linux-gnu' } }],
  ['targets', { ...TOOLCHAIN, targets: {} }],
  ['license', { ...TOOLCHAIN, kind: 'prebuilt' }],
]

spec('profiles', (test) => {
  test('get their defaults', () => {
    const profile = parseProfile(PROFILE, 'tiny.ts')
    assert.is(profile.options.cpu, 'x86-64')
    assert.is(profile.kernel, '4.4')
    assert.equal(profile.formats, ['tar.xz', 'squashfs'])
    assert.equal(
      profile.users.map(({ name, uid }) => [name, uid]),
      [
        ['root', 0],
        ['nobody', 65534],
      ],
    )
  })

  test('may name every format', () => {
    assert.equal(parseProfile({ ...PROFILE, formats: [...FORMATS] }, 'tiny.ts').formats, FORMATS)
    for (const format of FILE_FORMATS) assert.is(IMAGE_WRITERS[format].fileName, `rootfs.${format}`)
  })

  for (const [field, value] of BAD_PROFILES) {
    test(`that break a rule are refused by file and field: ${field}`, async () => {
      const error = await rejects('E_RECIPE_INVALID', () => parseProfile(value, 'recipes/profiles/tiny.ts'))
      assert.equal(error.fields, { file: 'recipes/profiles/tiny.ts', field })
    })
  }
})

spec('toolchains', (test) => {
  test('are read', () => {
    assert.equal(parseToolchain(TOOLCHAIN, 'gcc-14.ts'), TOOLCHAIN)
  })

  for (const [field, value] of BAD_TOOLCHAINS) {
    test(`that break a rule are refused by file and field: ${field}`, async () => {
      const error = await rejects('E_RECIPE_INVALID', () => parseToolchain(value, 'recipes/toolchains/gcc-14.ts'))
      assert.equal(error.fields, { file: 'recipes/toolchains/gcc-14.ts', field })
    })
  }
})

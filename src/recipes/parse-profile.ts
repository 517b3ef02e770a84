import {
  ARCHES,
  type Arch,
  type BuildOptions,
  CPUS,
  FORMATS,
  type Group,
  HARDENINGS,
  OPTIMIZATIONS,
  type Permission,
  type Profile,
  type ProfileFile,
  type User,
} from '../model/profile.ts'
import { FieldReader } from './fields.ts'
import { PACKAGE_NAME, PROFILE_NAME, TOOLCHAIN_NAME } from './patterns.ts'

const PATH = /^[^/\0][^\0]*$/
const ABSOLUTE = /^\/[^\0:]*$/
const ID_RANGE = [0, 2 ** 32 - 2] as const

/** 1 January 2025: the time of everything unless a profile says otherwise. */
const DEFAULT_EPOCH = 1_735_689_600

/** Checks what a profile module exports and fills in the defaults; throws `E_RECIPE_INVALID` with file and field. */
export function parseProfile(exported: unknown, file: string): Profile {
  const fields = new FieldReader(file, '', exported)
  const target = fields.object('target')
  const arch = target.oneOf('arch', ARCHES)
  const cpu = target.oneOf<BuildOptions['cpu']>('cpu', CPUS[arch], CPUS[arch][0])
  const shell = fields.string('shell', ABSOLUTE, 'an absolute path', '/bin/sh')
  const profile: Profile = {
    name: fields.string('name', PROFILE_NAME, 'a lower-case name'),
    summary: fields.string('summary', /^\S.*$/, 'a line of text'),
    arch,
    kernel: target.string('kernel', /^\d+\.\d+$/, 'a kernel version such as 4.4', '4.4'),
    toolchain: fields.string('toolchain', TOOLCHAIN_NAME, 'the name of a toolchain'),
    packages: fields.strings('packages', PACKAGE_NAME, 'a package name'),
    options: readOptions(fields.object('build'), cpu),
    packageOptions: readPackageOptions(fields.object('packageBuild'), arch),
    shell,
    init: fields.string('init', /^(\/[^\0]*)?$/, "an absolute path, or '' for none", ''),
    locales: fields.strings('locales', /^[A-Za-z_@.0-9-]+$/, 'the name of a locale', []),
    users: [...defaultUsers(shell), ...fields.objects('users').map(readUser)],
    groups: [...DEFAULT_GROUPS, ...fields.objects('groups').map(readGroup)],
    files: fields.objects('files').map(readFile),
    permissions: fields.objects('permissions').map(readPermission),
    overrides: readOverrides(fields.object('overrides')),
    formats: fields.someOf('formats', FORMATS, ['tar.xz', 'squashfs']),
    epoch: fields.integer('epoch', [0, 2 ** 32 - 1], DEFAULT_EPOCH),
  }
  target.finish()
  fields.finish()
  return profile
}

function readOptions(fields: FieldReader, cpu: BuildOptions['cpu']): BuildOptions {
  const options: BuildOptions = {
    cpu,
    optimize: fields.oneOf('optimize', OPTIMIZATIONS, 's'),
    lto: fields.boolean('lto', false),
    graphite: fields.boolean('graphite', false),
    hardening: fields.someOf('hardening', HARDENINGS, []),
  }
  fields.finish()
  return options
}

function readPackageOptions(fields: FieldReader, arch: Arch): Readonly<Record<string, Partial<BuildOptions>>> {
  const all: Record<string, Partial<BuildOptions>> = {}
  for (const name of fields.keys()) {
    const own = fields.object(name)
    all[name] = {
      ...(own.has('cpu') && { cpu: own.oneOf<BuildOptions['cpu']>('cpu', CPUS[arch]) }),
      ...(own.has('optimize') && { optimize: own.oneOf('optimize', OPTIMIZATIONS) }),
      ...(own.has('lto') && { lto: own.boolean('lto', false) }),
      ...(own.has('graphite') && { graphite: own.boolean('graphite', false) }),
      ...(own.has('hardening') && { hardening: own.someOf('hardening', HARDENINGS) }),
    }
    own.finish()
  }
  return all
}

function defaultUsers(shell: string): readonly User[] {
  return [
    { name: 'root', uid: 0, gid: 0, gecos: 'root', home: '/root', shell },
    { name: 'nobody', uid: 65534, gid: 65534, gecos: 'nobody', home: '/', shell: '/bin/false' },
  ]
}

const DEFAULT_GROUPS: readonly Group[] = [
  { name: 'root', gid: 0, members: [] },
  { name: 'tty', gid: 5, members: [] },
  { name: 'nogroup', gid: 65534, members: [] },
]

function readUser(fields: FieldReader): User {
  const user: User = {
    name: fields.string('name', /^[a-z_][a-z0-9_-]{0,31}$/, 'a user name'),
    uid: fields.integer('uid', ID_RANGE),
    gid: fields.integer('gid', ID_RANGE),
    gecos: fields.string('gecos', /^[^:\n\0]*$/, 'text without colons', ''),
    home: fields.string('home', ABSOLUTE, 'an absolute path'),
    shell: fields.string('shell', ABSOLUTE, 'an absolute path', '/bin/false'),
  }
  fields.finish()
  return user
}

function readGroup(fields: FieldReader): Group {
  const group: Group = {
    name: fields.string('name', /^[a-z_][a-z0-9_-]{0,31}$/, 'a group name'),
    gid: fields.integer('gid', ID_RANGE),
    members: fields.strings('members', /^[a-z_][a-z0-9_-]{0,31}$/, 'a user name', []),
  }
  fields.finish()
  return group
}

function readFile(fields: FieldReader): ProfileFile {
  const kind = fields.oneOf('kind', ['file', 'directory', 'symlink'])
  const path = fields.string('path', PATH, 'a path without a leading slash')
  const file: ProfileFile =
    kind === 'file'
      ? { kind, path, text: fields.string('text', /^[\s\S]*$/, 'text') }
      : kind === 'symlink'
        ? { kind, path, target: fields.string('target', /^[^\0]+$/, 'the target of the link') }
        : { kind, path }
  fields.finish()
  return file
}

function readPermission(fields: FieldReader): Permission {
  const permission: Permission = {
    paths: fields.string('paths', PATH, 'a glob without a leading slash'),
    mode: fields.integer('mode', [0, 0o7777]),
    uid: fields.integer('uid', ID_RANGE, 0),
    gid: fields.integer('gid', ID_RANGE, 0),
  }
  fields.finish()
  return permission
}

function readOverrides(fields: FieldReader): Readonly<Record<string, string>> {
  const overrides: Record<string, string> = {}
  for (const path of fields.keys()) overrides[path] = fields.string(path, PACKAGE_NAME, 'a package name')
  return overrides
}

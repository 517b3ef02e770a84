import { type Digest, sizeOf } from '../model/digest.ts'
import type { Image, Inode, Owned } from '../model/image.ts'
import type { Arch, Profile } from '../model/profile.ts'
import { comparePaths, type TreeEntry } from '../model/tree.ts'
import { MrrlError } from '../util/errors.ts'
import { globMatcher } from '../util/glob.ts'
import { groupText, NSSWITCH_TEXT, passwdText, shadowText } from './accounts.ts'
import { readElfIdentity, runsOn } from './elf.ts'
import { findBuildPaths } from './host-strings.ts'
import { type Layer, mergeLayers, type OwnedEntry } from './merge.ts'

/** Stores and reads file content while an image is put together. */
export interface BlobAccess {
  put(bytes: Uint8Array): Promise<Digest>
  read(digest: Digest): Promise<Uint8Array>
}

/** An image and the package that each path comes from. */
export interface AssembledImage {
  readonly image: Image
  readonly owners: ReadonlyMap<string, string>
}

/** Name under which what the profile itself adds is listed. */
export const PROFILE_OWNER = 'profile'

/** Folders that every image has, because programs and container engines expect them. */
const BASE_FOLDERS = ['dev', 'etc', 'home', 'proc', 'root', 'run', 'sys', 'tmp', 'usr', 'var', 'var/tmp']

/** Modes that differ from 0755 for folders and programs, and 0644 for files. */
const BASE_MODES: Readonly<Record<string, number>> = {
  'etc/shadow': 0o600,
  root: 0o700,
  tmp: 0o1777,
  'var/tmp': 0o1777,
}

/**
 * Merges the packages' runtime files, adds accounts and the profile's own files, and gives everything its owner and
 * mode. Throws `E_CONFLICT`, `E_MACHINE` and `E_HOST_LEAK`.
 */
export async function assembleImage(
  profile: Profile,
  layers: readonly Layer[],
  blobs: BlobAccess,
): Promise<AssembledImage> {
  const merged = await mergeImage(profile, layers, blobs)
  await checkFiles(merged, profile.arch, blobs)
  const modeOf = modes(profile)
  const root: Inode = { kind: 'directory', path: '', ...modeOf('', 0o755) }
  const entries = merged.map((entry): Inode => {
    const { path } = entry
    if (entry.kind === 'symlink')
      return { kind: 'symlink', path, target: entry.target, mode: 0o777, uid: 0, gid: 0, xattrs: [] }
    if (entry.kind === 'directory') return { kind: 'directory', path, ...modeOf(path, 0o755) }
    return { kind: 'file', path, digest: entry.digest, ...modeOf(path, entry.executable ? 0o755 : 0o644) }
  })
  const owners = new Map(merged.map(({ path, owner }) => [path, owner]))
  return { image: { entries: [root, ...entries], epoch: profile.epoch }, owners }
}

/** All paths of an image and who brings each, the profile or a package. Throws `E_CONFLICT`. */
export async function mergeImage(
  profile: Profile,
  layers: readonly Layer[],
  blobs: Pick<BlobAccess, 'put'>,
): Promise<OwnedEntry[]> {
  const own: Layer = { name: PROFILE_OWNER, entries: await profileEntries(profile, blobs) }
  return withParents(mergeLayers([...layers, own], { ...profile.overrides }))
}

/** The field of a profile that brings a path; '' for what every image has. */
export function profileField({ files, init, shell }: Profile, path: string): string {
  if (files.some((file) => file.path === path)) return 'files'
  if (path === 'sbin/init' && init !== '') return 'init'
  if (path === 'bin/sh' && shell !== '/bin/sh') return 'shell'
  if (path === 'etc/passwd' || path === 'etc/shadow') return 'users'
  if (path === 'etc/group') return 'groups'
  return path === 'etc/os-release' ? 'name' : ''
}

async function profileEntries(profile: Profile, blobs: Pick<BlobAccess, 'put'>): Promise<TreeEntry[]> {
  const texts: [string, string][] = [
    ['etc/passwd', passwdText(profile.users)],
    ['etc/group', groupText(profile.groups)],
    ['etc/shadow', shadowText(profile.users)],
    ['etc/nsswitch.conf', NSSWITCH_TEXT],
    ['etc/os-release', `NAME=mrrl\nID=mrrl\nPRETTY_NAME="mrrl ${profile.name}"\nVARIANT_ID=${profile.name}\n`],
  ]
  const entries: TreeEntry[] = BASE_FOLDERS.map((path) => ({ kind: 'directory', path }))
  const given = new Set(profile.files.map(({ path }) => path))
  for (const [path, text] of texts) if (!given.has(path)) entries.push(await textFile(path, text, blobs))
  for (const file of profile.files) {
    entries.push(file.kind === 'file' ? await textFile(file.path, file.text, blobs) : file)
  }
  if (profile.init !== '') entries.push({ kind: 'symlink', path: 'sbin/init', target: profile.init })
  if (profile.shell !== '/bin/sh') entries.push({ kind: 'symlink', path: 'bin/sh', target: profile.shell })
  return entries
}

async function textFile(path: string, text: string, blobs: Pick<BlobAccess, 'put'>): Promise<TreeEntry> {
  return { kind: 'file', path, digest: await blobs.put(Buffer.from(text)), executable: false }
}

/** Adds the folders that no package lists by themselves. */
function withParents(entries: readonly OwnedEntry[]): OwnedEntry[] {
  const all = new Map(entries.map((entry) => [entry.path, entry]))
  for (const { path, owner } of entries) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash)
      if (!all.has(parent)) all.set(parent, { kind: 'directory', path: parent, owner })
    }
  }
  return [...all.values()].sort((a, b) => comparePaths(a.path, b.path))
}

async function checkFiles(entries: readonly OwnedEntry[], arch: Arch, blobs: BlobAccess): Promise<void> {
  const leaks: string[] = []
  for (const entry of entries) {
    if (entry.kind !== 'file' || sizeOf(entry.digest) === 0) continue
    const bytes = await blobs.read(entry.digest)
    const elf = readElfIdentity(bytes)
    if (elf !== undefined && !runsOn(elf, arch)) {
      const what = `${elf.machine}, ${elf.bits} bits`
      throw new MrrlError('E_MACHINE', `/${entry.path} of ${entry.owner} is for ${what}, the image for ${arch}`, {
        fields: { path: entry.path, package: entry.owner },
      })
    }
    for (const text of findBuildPaths(bytes)) leaks.push(`/${entry.path} of ${entry.owner}: ${text}`)
  }
  if (leaks.length === 0) return
  const more = leaks.length === 1 ? '' : `, and ${leaks.length - 1} more`
  throw new MrrlError('E_HOST_LEAK', `a folder of the build is named in ${leaks[0]}${more}`, { fields: { leaks } })
}

/** Owner and mode by path: the profile's last matching permission, else the base modes, else what is usual. */
function modes(profile: Profile): (path: string, usual: number) => Omit<Owned, 'path'> {
  const permissions = profile.permissions.map((permission) => ({
    ...permission,
    matches: globMatcher([permission.paths]),
  }))
  return (path, usual) => {
    const set = permissions.findLast(({ matches }) => matches(path))
    if (set !== undefined) return { mode: set.mode, uid: set.uid, gid: set.gid, xattrs: [] }
    return { mode: BASE_MODES[path] ?? usual, uid: 0, gid: 0, xattrs: [] }
  }
}

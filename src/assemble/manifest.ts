import { formatDigest, sizeOf } from '../model/digest.ts'
import type { Image, ImageEntry, Inode } from '../model/image.ts'
import type { Profile } from '../model/profile.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'

/** One path of an image, as listed in `manifest.json`. */
export interface ManifestFile {
  readonly path: string
  readonly type: ImageEntry['kind']
  /** Octal, as `ls` and `chmod` write it. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
  readonly package: string
  readonly size?: number
  readonly digest?: string
  readonly target?: string
}

/** Content of `manifest.json`: what is in an image and where it comes from. */
export interface Manifest {
  readonly version: 1
  readonly profile: string
  readonly arch: string
  readonly epoch: number
  /** Version of the image encoders. */
  readonly format: number
  /** Bytes of all files of each package. */
  readonly packages: Readonly<Record<string, { readonly version: string; readonly bytes: number }>>
  readonly files: readonly ManifestFile[]
}

/** Lists an image. `versions` names the packages in it. */
export function makeManifest(
  profile: Profile,
  image: Image,
  owners: ReadonlyMap<string, string>,
  versions: ReadonlyMap<string, string>,
  format: number,
): Manifest {
  const inodes = new Map<string, Inode>()
  for (const entry of image.entries) if (entry.kind !== 'hardlink') inodes.set(entry.path, entry)
  const files = image.entries.map((entry) => {
    const inode = entry.kind === 'hardlink' ? inodes.get(entry.target) : entry
    if (inode === undefined) throw new MrrlError('E_INTERNAL', `/${entry.path} links to nothing`)
    return listed(entry, inode, owners.get(entry.path) ?? 'profile')
  })
  const names = [...versions.keys()].sort(compareBytes)
  const packages = Object.fromEntries(
    names.map((name) => {
      const bytes = files.reduce((sum, file) => sum + (file.package === name ? (file.size ?? 0) : 0), 0)
      return [name, { version: versions.get(name) ?? '', bytes }]
    }),
  )
  return { version: 1, profile: profile.name, arch: profile.arch, epoch: profile.epoch, format, packages, files }
}

/** One path per line, so that two manifests compare well line by line. */
export function manifestText(manifest: Manifest): string {
  const { files, ...head } = manifest
  const opening = JSON.stringify(head, undefined, 2).replace(/\n\}$/, ',\n  "files": [\n')
  return `${opening}${files.map((file) => `    ${JSON.stringify(file)}`).join(',\n')}\n  ]\n}\n`
}

/** A hard link has the owner and mode of what it links to. */
function listed(entry: ImageEntry, inode: Inode, owner: string): ManifestFile {
  const common = {
    path: `/${entry.path}`,
    type: entry.kind,
    mode: inode.mode.toString(8).padStart(4, '0'),
    uid: inode.uid,
    gid: inode.gid,
    package: owner,
  }
  if (entry.kind === 'file') return { ...common, size: sizeOf(entry.digest), digest: formatDigest(entry.digest) }
  if (entry.kind === 'symlink') return { ...common, target: entry.target }
  if (entry.kind === 'hardlink') return { ...common, target: `/${entry.target}` }
  return common
}

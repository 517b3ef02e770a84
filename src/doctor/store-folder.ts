import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { access, link, lstat, mkdir, open, readFile, rename, rm, statfs, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { diskError, syncFolder, temporaryName } from '../store/disk.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { type Finding, fail, pass, shownBytes, warn } from './check.ts'

/**
 * What `mrrl build x86_64` leaves in an empty store, measured: 1.3 GiB in 34 500 files and folders. The folders of the
 * steps that run at the same time come on top; twice as much again is a rule of thumb.
 */
const BUILD_BYTES = 4 * 2 ** 30
const BUILD_INODES = 100_000

/** With less than this, not even what is in the store can be used. */
const LEAST_BYTES = 2 ** 28
const LEAST_INODES = 5000

/** What temporary folders hold: sockets, probes and images being unpacked by `mrrl verify`. */
const TEMPORARY_BYTES = 2 ** 28

/** Looks at the disks of the store and of temporary files, and tries all that the store does with files. */
export async function checkFolders(home: string, temporary: string): Promise<Finding[]> {
  const folder = nearestFolder(home)
  return [
    await checkSpace('store space', folder, BUILD_BYTES, BUILD_INODES),
    await checkSpace('temporary space', temporary, TEMPORARY_BYTES, LEAST_INODES),
    await checkAbilities(folder),
  ]
}

async function checkSpace(check: string, folder: string, wantedBytes: number, wantedInodes: number): Promise<Finding> {
  try {
    const { bavail, bsize, ffree, files } = await statfs(folder)
    const bytes = bavail * bsize
    const inodes = files === 0 ? Number.POSITIVE_INFINITY : ffree // btrfs and others make them as they go
    const found = `${folder}: ${shownBytes(bytes)}${files === 0 ? '' : ` and ${ffree} inodes`} free`
    const fix = 'Free space (mrrl gc helps), or choose another disk with MRRL_HOME or TMPDIR.'
    if (bytes < Math.min(LEAST_BYTES, wantedBytes) || inodes < LEAST_INODES)
      return fail(check, found, 'E_STORE_FULL', fix)
    if (bytes >= wantedBytes && inodes >= wantedInodes) return pass(check, found)
    return warn(
      check,
      `${found}; a build from nothing takes ${shownBytes(wantedBytes)} and ${wantedInodes} inodes`,
      fix,
    )
  } catch (error) {
    return refusal(check, folder, error)
  }
}

/** Everything in a scratch folder, which is removed. */
async function checkAbilities(folder: string): Promise<Finding> {
  const check = 'store file system'
  const scratch = temporaryName(folder, 'mrrl-doctor')
  try {
    await mkdir(scratch)
  } catch (error) {
    return refusal(check, folder, error)
  }
  try {
    const lacking: string[] = []
    for (const { name, works } of ABILITIES) {
      const isThere = await works(scratch).catch((error) => {
        if (isErrno(error)) return false
        throw error
      })
      if (!isThere) lacking.push(name)
    }
    if (lacking.length === 0) return pass(check, `${folder}: ${ABILITIES.map(({ name }) => name).join(', ')}`)
    const fix = 'Choose a folder on a local Linux file system (ext4, xfs, btrfs) with MRRL_HOME.'
    return fail(check, `${folder} lacks: ${lacking.join(', ')}`, 'E_STORE', fix)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

interface Ability {
  readonly name: string
  readonly works: (folder: string) => Promise<boolean>
}

/** In this order: later ones use the file of the first. */
const ABILITIES: readonly Ability[] = [
  {
    name: 'durable writes',
    works: async (folder) => {
      const handle = await open(join(folder, 'file'), 'wx', 0o755)
      try {
        await handle.writeFile('#!/bin/sh\necho works\n')
        await handle.chmod(0o755)
        await handle.datasync()
      } finally {
        await handle.close()
      }
      await syncFolder(folder)
      return true
    },
  },
  {
    name: 'rename',
    works: async (folder) => {
      await rename(join(folder, 'file'), join(folder, 'program'))
      return (await readFile(join(folder, 'program'), 'utf8')).endsWith('works\n')
    },
  },
  {
    name: 'hard links',
    works: async (folder) => {
      await link(join(folder, 'program'), join(folder, 'second name'))
      return (await lstat(join(folder, 'program'))).nlink === 2
    },
  },
  {
    name: 'symbolic links',
    works: async (folder) => {
      await symlink('program', join(folder, 'link'))
      return (await lstat(join(folder, 'link'))).isSymbolicLink()
    },
  },
  {
    name: 'modes',
    works: async (folder) => ((await lstat(join(folder, 'program'))).mode & 0o7777) === 0o755,
  },
  {
    name: 'running programs',
    works: async (folder) => {
      // A path that fits into a script's first line is not needed: the kernel gets the file itself.
      const { stdout } = await promisify(execFile)(join(folder, 'program')).catch(() => ({ stdout: '' }))
      return stdout === 'works\n'
    },
  },
  {
    name: 'names that differ in case',
    works: async (folder) => {
      return access(join(folder, 'PROGRAM')).then(
        () => false,
        (error) => isErrno(error, 'ENOENT'),
      )
    },
  },
  {
    name: 'sockets',
    works: async (folder) => {
      const handle = await open(folder, 'r')
      const server = createServer()
      try {
        // A short name, because addresses hold 107 bytes at most.
        server.listen(`/proc/self/fd/${handle.fd}/socket`)
        await once(server, 'listening')
        return true
      } finally {
        server.close()
        await handle.close()
      }
    },
  },
]

function refusal(check: string, folder: string, error: unknown): Finding {
  const known = diskError(folder, error)
  if (known instanceof MrrlError) return fail(check, known.message, known.code, known.hint)
  if (isErrno(error))
    return fail(check, `cannot use ${folder}: ${error.message}`, 'E_STORE', 'Choose another folder with MRRL_HOME.')
  throw error
}

/** The folder itself, or where it will be made. */
function nearestFolder(path: string): string {
  let at = path
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  return at
}

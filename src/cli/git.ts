import { execFile } from 'node:child_process'
import { basename, dirname } from 'node:path'
import { promisify } from 'node:util'
import { MrrlError } from '../util/errors.ts'

const MOST_BYTES = 64 << 20

/**
 * A file as the last commit has it; undefined when it has none. Throws `E_USAGE` where there is no git, no repository
 * or no commit. Reads the object itself: no filter or program that a repository configures is run.
 */
export async function committedFile(path: string): Promise<string | undefined> {
  const folder = dirname(path)
  try {
    await git(folder, 'rev-parse', '--quiet', '--verify', 'HEAD^{commit}')
  } catch (cause) {
    const reason =
      cause instanceof Error && 'code' in cause && cause.code === 'ENOENT' ? 'there is no git' : 'no commit'
    throw new MrrlError('E_USAGE', `nothing to compare ${basename(path)} with: ${reason}`, {
      fields: { path },
      hint: 'Name two locks: mrrl lock diff <before> <after>',
      cause,
    })
  }
  try {
    return await git(folder, 'cat-file', 'blob', `HEAD:./${basename(path)}`)
  } catch {
    return undefined
  }
}

async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['-C', folder, ...args], { maxBuffer: MOST_BYTES })
  return stdout
}

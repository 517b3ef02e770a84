import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { HOST_PATH } from '../sandbox/spawn.ts'
import { type Finding, fail, pass, skipped } from './check.ts'

/** A program of the host and the Debian package that brings it. */
interface Program {
  readonly name: string
  readonly package: string
  /** Where it is looked for: in the folders of the system, or those of PATH. */
  readonly where: 'system' | 'PATH'
  /** What works without it; '' for a program that every build needs. */
  readonly onlyFor: string
}

const PROGRAMS: readonly Program[] = [
  { name: 'sh', package: 'dash', where: 'system', onlyFor: '' },
  { name: 'setpriv', package: 'util-linux', where: 'system', onlyFor: '' },
  { name: 'unshare', package: 'util-linux', where: 'system', onlyFor: 'the back end unshare' },
  { name: 'mount', package: 'mount', where: 'system', onlyFor: 'the back end unshare' },
  { name: 'chroot', package: 'coreutils', where: 'system', onlyFor: 'the back end unshare' },
  { name: 'bwrap', package: 'bubblewrap', where: 'system', onlyFor: 'the back end bwrap' },
  { name: 'mkfifo', package: 'coreutils', where: 'PATH', onlyFor: '' },
  { name: 'getfattr', package: 'attr', where: 'PATH', onlyFor: 'mrrl pack --xattrs' },
  { name: 'setarch', package: 'util-linux', where: 'system', onlyFor: 'mrrl verify, variations aslr and kernel' },
  { name: 'taskset', package: 'util-linux', where: 'system', onlyFor: 'mrrl verify, variation of processors' },
  { name: 'diffoscope', package: 'diffoscope', where: 'PATH', onlyFor: 'a second opinion on differences' },
]

/** Below one of these, or below a folder of it, as Debian has one per machine. */
const LIBRARY_FOLDERS = ['/usr/lib', '/usr/lib64', '/usr/local/lib']

/** Looks for the programs that builds run on the host, and for those that only some commands need. */
export function checkPrograms(path: readonly string[], system: readonly string[] = HOST_PATH.split(':')): Finding[] {
  const folders = { system, PATH: path }
  return [...PROGRAMS.map((program) => checkProgram(program, folders[program.where])), checkFakeTime()]
}

function checkProgram({ name, package: owner, where, onlyFor }: Program, folders: readonly string[]): Finding {
  const check = `program ${name}`
  const found = folders.map((folder) => join(folder, name)).find(isProgram)
  if (found !== undefined) return pass(check, found)
  const fix = `Install it: sudo apt-get install ${owner}`
  const missing = `not in ${where === 'PATH' ? 'PATH' : folders.join(':')}`
  if (onlyFor !== '') return skipped(check, `${missing}; only needed for ${onlyFor}`, fix)
  return fail(check, missing, 'E_SANDBOX', fix)
}

function checkFakeTime(): Finding {
  const folders = LIBRARY_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) => [
    folder,
    ...readdirSync(folder).map((name) => join(folder, name)),
  ])
  const found = folders.map((folder) => join(folder, 'faketime/libfaketime.so.1')).find((path) => existsSync(path))
  if (found !== undefined) return pass('library libfaketime', found)
  const fix = 'Install it: sudo apt-get install libfaketime'
  return skipped('library libfaketime', 'not there; only needed for mrrl verify, variation of the clock', fix)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sourceError } from '../formats/file-error.ts'
import { compareBytes } from '../util/compare.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'
import { type FileHashes, hashFile } from './hash-file.ts'
import { HASH_FOLDERS, hashIn, INDEX, type MirrorPath, parseMirrorPath, SUMS, TOP_NAMES } from './layout.ts'
import { formatIndex, type IndexedFile, type MirrorIndex } from './mirror-index.ts'
import { MAX_LIST, readIndex } from './read-index.ts'
import { formatSums, PATH_COLUMN } from './sums.ts'

/** What can be wrong with a file of a mirror. */
export type ProblemKind = 'missing' | 'truncated' | 'swapped' | 'wrong' | 'not a file' | 'unknown' | 'stale'

/** One thing that is wrong with a mirror. */
export interface MirrorProblem {
  readonly kind: ProblemKind
  /** Below the mirror. */
  readonly path: string
  /** File names of what should be there; empty for what nobody knows. */
  readonly names: readonly string[]
  /** What is there instead, in words. */
  readonly found: string
}

/** A mirror after every file was hashed. */
export interface MirrorVerification {
  readonly files: number
  readonly bytes: number
  readonly problems: readonly MirrorProblem[]
}

/** Options of {@link verifyMirror}. */
export interface MirrorVerifyOptions {
  readonly signal: AbortSignal
  readonly onProgress: (files: number, total: number) => void
}

/** Files hashed at once. */
const AT_ONCE = 4

/**
 * Hashes every file of a mirror and names everything that is wrong. What a download left in `incoming` is no fault.
 * Throws `E_MIRROR` when the folder has no index or a damaged one, `E_SOURCE` when it cannot be read.
 */
export async function verifyMirror(mirror: string, options: MirrorVerifyOptions): Promise<MirrorVerification> {
  const index = await readIndex(mirror)
  if (index === undefined)
    throw new MrrlError('E_MIRROR', `${mirror} is no mirror: it has no ${INDEX}`, { fields: { path: mirror } })
  const known = new Set<string>(index.map(({ path }) => path))
  let done = 0
  const looked = await mapLimited(index, AT_ONCE, async (file): Promise<Looked> => {
    const found = await look(mirror, file, known, options.signal)
    options.onProgress(++done, index.length)
    return found
  })
  const problems = looked.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))
  problems.push(...(await unknownFiles(mirror, known)), ...(await checkSums(mirror, index, looked)))
  return {
    files: index.length,
    bytes: looked.reduce((sum, { hashes }) => sum + (hashes?.size ?? 0), 0),
    problems: problems.sort((a, b) => compareBytes(a.path, b.path)),
  }
}

interface Looked {
  readonly path: MirrorPath
  /** Undefined for what cannot be read. */
  readonly hashes: FileHashes | undefined
  readonly problem: MirrorProblem | undefined
}

async function look(
  mirror: string,
  file: IndexedFile,
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Looked> {
  const { path, names, size } = file
  const problem = (kind: ProblemKind, found: string): MirrorProblem => ({ kind, path, names, found })
  const stat = await lstat(join(mirror, path)).catch(() => undefined)
  if (stat === undefined) return { path, hashes: undefined, problem: problem('missing', 'nothing') }
  // A link would make the mirror depend on what is elsewhere.
  if (!stat.isFile()) {
    return {
      path,
      hashes: undefined,
      problem: problem('not a file', stat.isSymbolicLink() ? 'a link' : 'something else'),
    }
  }
  let hashes: FileHashes
  try {
    hashes = await hashFile(join(mirror, path), ['sha256', 'sha512'], signal)
  } catch (error) {
    if (!(error instanceof MrrlError) || error.code !== 'E_FETCH') throw error
    return { path, hashes: undefined, problem: problem('wrong', error.message) }
  }
  const { algorithm, hex } = hashIn(path)
  if (hashes[algorithm] === hex) {
    const isIndexed = hashes.size === size
    return {
      path,
      hashes,
      problem: isIndexed ? undefined : { ...problem('stale', `${hashes.size} bytes`), path: INDEX },
    }
  }
  const other = HASH_FOLDERS.map((name) => `${name}/${hashes[name]}`).find((name) => known.has(name))
  if (other !== undefined) return { path, hashes, problem: problem('swapped', `the content of ${other}`) }
  if (hashes.size < size) return { path, hashes, problem: problem('truncated', `${hashes.size} of ${size} bytes`) }
  return { path, hashes, problem: problem('wrong', `${algorithm} ${hashes[algorithm]}`) }
}

/** Everything that is in the folder and not in the index. */
async function unknownFiles(mirror: string, known: ReadonlySet<string>): Promise<MirrorProblem[]> {
  const top = (await listFolder(mirror)).filter((name) => !TOP_NAMES.has(name))
  const hashed = await Promise.all(
    HASH_FOLDERS.map(async (folder) => (await listFolder(join(mirror, folder))).map((name) => `${folder}/${name}`)),
  )
  return [...top, ...hashed.flat().filter((path) => !known.has(path))].map((path) => ({
    kind: 'unknown',
    path,
    names: [],
    found: parseMirrorPath(path) === undefined ? 'a name that no mirror has' : 'a file that the index does not list',
  }))
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw sourceError(path, error)
  }
}

/** The sums must be those of the files that are right; lines about what is wrong do not matter, it has been named. */
async function checkSums(mirror: string, index: MirrorIndex, looked: readonly Looked[]): Promise<MirrorProblem[]> {
  const problem = (kind: ProblemKind, found: string): MirrorProblem[] => [{ kind, path: SUMS, names: [], found }]
  const stat = await lstat(join(mirror, SUMS)).catch(() => undefined)
  if (stat === undefined) return problem('missing', 'nothing')
  if (!stat.isFile()) return problem('not a file', stat.isSymbolicLink() ? 'a link' : 'something else')
  if (stat.size > MAX_LIST) return problem('wrong', `${stat.size} bytes`)
  const right = looked.filter((one) => one.problem === undefined)
  const sha256 = new Map(right.map(({ path, hashes }) => [path, hashes?.sha256 ?? '']))
  const expected = formatSums(formatIndex(index), [...sha256.keys()], sha256)
  const wrong = new Set(looked.filter((one) => one.problem !== undefined).map(({ path }): string => path))
  const relevant = (text: string): string =>
    text
      .split('\n')
      .filter((line) => !wrong.has(line.slice(PATH_COLUMN)))
      .join('\n')
  const text = await readFile(join(mirror, SUMS), 'utf8')
  return relevant(text) === relevant(expected) ? [] : problem('stale', 'other sums than those of the files')
}

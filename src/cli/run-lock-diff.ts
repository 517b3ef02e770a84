import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { diffLocks, type LockDiff } from '../engine/lock-diff.ts'
import { lockPath } from '../engine/resolve.ts'
import type { Lock } from '../model/lock.ts'
import { parseLock } from '../recipes/lock-file.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import type { Call } from './context.ts'
import { committedFile } from './git.ts'
import { lockedHere } from './run-lock.ts'
import { settingsFor } from './settings.ts'
import { lockDiffLines } from './show-lock.ts'

/** One comparison, and what the two are called. */
interface NamedDiff extends LockDiff {
  readonly before: string
  readonly after: string
}

/** `mrrl lock diff [before] [after]` */
export async function runLockDiff(call: Call): Promise<number> {
  const { options, context } = call
  const [before = '', after = ''] = call.args
  const diffs = after === '' ? await withCommit(before, call) : [await betweenTwo(before, after, call)]
  if (options.json) {
    context.out.write(`${JSON.stringify({ locks: diffs }, undefined, 2)}\n`)
    return 0
  }
  for (const diff of diffs) {
    const title = diff.after === '' ? diff.before : `${diff.before} → ${diff.after}`
    context.out.lines([context.out.style.bold(title), ...lockDiffLines(diff, context.out.style).map(indented)])
  }
  return 0
}

async function betweenTwo(before: string, after: string, call: Call): Promise<NamedDiff> {
  const [a, b] = [await pathOf(before, call), await pathOf(after, call)]
  const diff = diffLocks(await readAt(a, before), await readAt(b, after))
  return { before: shown(a, call), after: shown(b, call), ...diff }
}

async function withCommit(name: string, call: Call): Promise<NamedDiff[]> {
  const settings = await settingsFor(call, { profile: '', use: 'write' }, () => undefined)
  const paths =
    name === '' ? (await lockedHere(settings)).map((one) => lockPath(one, settings)) : [await pathOf(name, call)]
  const diffs: NamedDiff[] = []
  for (const path of paths) {
    const file = shown(path, call)
    const committed = await committedFile(path)
    const before = committed === undefined ? undefined : parseLock(committed, `HEAD:${file}`)
    diffs.push({ before: `HEAD:${file}`, after: file, ...diffLocks(before, await readAt(path, file)) })
  }
  return diffs
}

/** What a path or profile stands for: a name without a slash or dot is a profile. */
async function pathOf(name: string, call: Call): Promise<string> {
  if (/[./]/.test(name)) return resolve(call.context.cwd, name)
  return lockPath(name, await settingsFor(call, { profile: name, use: 'read' }, () => undefined))
}

async function readAt(path: string, name: string): Promise<Lock> {
  try {
    return parseLock(await readFile(path, 'utf8'), name)
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES')) throw cause
    throw new MrrlError('E_LOCK_MISSING', `there is no lock ${name}`, {
      fields: { path },
      hint: 'Name a profile that has a lock, or the path of one.',
      cause,
    })
  }
}

function shown(path: string, { context }: Call): string {
  return relative(context.cwd, path)
}

function indented(line: string): string {
  return `  ${line}`
}

import type { CauseName } from '../model/difference.ts'
import { timeIn, withoutTimes } from './date-text.ts'
import { type Evidence, literalClue } from './evidence.ts'

/** A cause, and what it is recognised by. */
export interface Rule {
  readonly name: CauseName
  /** Says what was recognised; undefined when the rule does not hold. */
  readonly because: (evidence: Evidence) => string | undefined
}

const TIME_FIELDS = new Set(['mtime', 'MTIME', 'date', 'mkfs time', 'pax atime', 'pax ctime', 'pax mtime'])
const OWNER_FIELDS = new Set(['uid', 'gid', 'uname', 'gname'])
/** Names that mkstemp(3), mktemp(1) and GCC make up. */
const TEMPORARY = /\bcc[A-Za-z0-9]{6}\b(?:\.\w+)?|\btmp[._-]?[A-Za-z0-9_]{6,}|\/tmp\/[\w.-]*[A-Za-z0-9]{6,}/
const FOLDER = /(?:^|[^\w.~-])(\/(?:[\w.@+~%-]+\/)*[\w.@+~%-]+)/
const UNAME = /\b(?:Linux|GNU\/Linux|kernel)\b/i
const VERSION = /\b\d+\.\d+(?:\.\d+)?(?:[-.+~]\w+)*\b/
const MODE_TEXT = /^[-dlbcps]?[r-][w-][xsS-][r-][w-][xsS-][r-][w-][xtT-]$|^0o?[0-7]{3,4}$/
const MODE_WORD = /\b(?:umask|mode|perm(?:ission)?s?|chmod)\b/i
const PROCESSORS = /\b(?:cpus?|processors?|cores?|nproc)\b/i
const PROCESSOR_NAME = /\b(?:march|mtune|mcpu|cpuid)\b|\b(?:avx|sse)\w*\b/i
const JOBS = /(?:^|\s)-j ?\d|\b(?:jobs?|threads?|workers?|make_jobs|MAKEFLAGS)\b/i
const HOST_WORD = /\b(?:host(?: ?name)?|node(?:name)?|built on|build machine|machine)\b/i
const USER_WORD = /\b(?:user|built by|builder|whoami|logname|uid|gid|packager|home)\b/i
const LOCALE = /^(?:C|POSIX|[a-z]{2,3}_[A-Z]{2})(?:\.[\w-]+)?$/
const USER_AT_HOST = /^([\w.-]+)@([\w.-]+)$/
/** `$RANDOM` of the shell. */
const MOST_RANDOM = 32_767

/** The rules in the order in which they are asked; the first that holds names the cause. */
export const RULES: readonly Rule[] = [
  {
    name: 'consequence',
    because: ({ difference }) => (difference.follows ? 'another difference of the file' : undefined),
  },
  { name: 'date', because: timeField },
  { name: 'user', because: ownerField },
  {
    name: 'umask',
    because: ({ difference: { where } }) => (isField(where, 'mode') ? 'only the mode differs' : undefined),
  },
  { name: 'locale', because: sortedByLocale },
  { name: 'parallelism', because: raceInArchive },
  {
    name: 'order',
    because: ({ difference: { where } }) =>
      where.kind === 'order' ? `the same ${where.of} in another order` : undefined,
  },
  { name: 'date', because: dateText },
  { name: 'date', because: dateNumber },
  { name: 'randomness', because: temporaryName },
  { name: 'kernel', because: kernelVersion },
  { name: 'umask', because: modeText },
  { name: 'cpu', because: processor },
  { name: 'parallelism', because: jobs },
  { name: 'user', because: userName },
  { name: 'host name', because: hostName },
  { name: 'locale', because: localeName },
  { name: 'path', because: folder },
  { name: 'randomness', because: entropy },
  { name: 'randomness', because: smallNumber },
  { name: 'cpu', because: machineCode },
  { name: 'path', because: buildIdAlone },
]

/** The cause that a clue names, where its value stands in what differs. */
export function clueRule(evidence: Evidence): { readonly name: CauseName; readonly because: string } | undefined {
  const { where } = evidence.difference
  if (evidence.difference.follows || where.kind === 'order') return undefined
  const found = literalClue(evidence)
  return found === undefined
    ? undefined
    : { name: found.clue.name, because: `${JSON.stringify(found.value)} was varied` }
}

/** Where only one thing was varied, it is that; the values alone do not show it. */
export function onlyClue({ clues }: Evidence): { readonly name: CauseName; readonly because: string } | undefined {
  const names = new Set(clues.filter(({ before, after }) => before !== after).map(({ name }) => name))
  const [only] = names
  return names.size === 1 && only !== undefined ? { name: only, because: 'nothing else was varied' } : undefined
}

type Where = Evidence['difference']['where']

function isField(where: Where, ...fields: string[]): boolean {
  return 'field' in where && fields.includes(where.field)
}

function timeField({ difference: { where } }: Evidence): string | undefined {
  const isTime = (where.kind === 'metadata' || where.kind === 'header') && TIME_FIELDS.has(where.field)
  return isTime ? `${where.field} is a time` : undefined
}

function ownerField({ difference: { where } }: Evidence): string | undefined {
  const isOwner = (where.kind === 'metadata' || where.kind === 'header') && OWNER_FIELDS.has(where.field)
  return isOwner ? `${where.field} is an owner` : undefined
}

function sortedByLocale({ difference: { where } }: Evidence): string | undefined {
  if (where.kind !== 'order') return undefined
  const sortings = [where.before, where.after]
  return sortings.includes('folded') && sortings.some((sorting) => sorting !== 'folded')
    ? `the same ${where.of}, sorted on one side without regard to case and punctuation`
    : undefined
}

function raceInArchive({ difference: { where, path }, clues }: Evidence): string | undefined {
  if (where.kind === 'entry' && /!.*#\d+$/.test(path)) return 'a member is in the archive more than once'
  const isVaried = clues.some(({ name, before, after }) => name === 'parallelism' && before !== after)
  return where.kind === 'order' && where.of === 'members' && isVaried
    ? 'the same members in another order, with another number of jobs'
    : undefined
}

function dateText({ before, after }: Evidence): string | undefined {
  if (before === '' && after === '') return undefined
  const [old, now] = [withoutTimes(before), withoutTimes(after)]
  const found = timeIn(after) ?? timeIn(before)
  if (found === undefined) return undefined
  if (old === now) return `${JSON.stringify(found)} is a time`
  const isOneSided = (before === '' || after === '') && found !== undefined
  return isOneSided ? `${JSON.stringify(found)} is a time` : undefined
}

/** Four bytes that are a number of seconds near a time that was varied. */
function dateNumber({ before, after, clues }: Evidence): string | undefined {
  const TWO_DAYS = 172_800
  for (const { name, ...clue } of clues) {
    if (name !== 'date') continue
    for (const [text, value] of [
      [before, Number(clue.before)],
      [after, Number(clue.after)],
    ] as const) {
      if (!(value > 0)) continue
      if (/^\d{9,10}$/.test(text) && Math.abs(Number(text) - value) <= TWO_DAYS)
        return `${text} is the time of the build`
      const bytes = /^(?:[0-9a-f]{2} ){3}[0-9a-f]{2}/.exec(text)?.[0]
      if (bytes === undefined) continue
      const four = Buffer.from(bytes.replaceAll(' ', ''), 'hex')
      if ([four.readUInt32LE(0), four.readUInt32BE(0)].some((number) => Math.abs(number - value) <= TWO_DAYS)) {
        return `${bytes} is the time of the build as a number`
      }
    }
  }
  return undefined
}

function temporaryName({ words: [before, after] }: Evidence): string | undefined {
  const [old, now] = [TEMPORARY.exec(before)?.[0], TEMPORARY.exec(after)?.[0]]
  if (old === undefined || now === undefined || old === now || old.length !== now.length) return undefined
  return looksMadeUp(old, now) ? `${JSON.stringify(now)} is the name of a temporary file` : undefined
}

function kernelVersion({ before, after, words }: Evidence): string | undefined {
  const [old, now] = words.map((word) => VERSION.exec(word)?.[0])
  const isNamed = UNAME.test(before) && UNAME.test(after)
  return isNamed && old !== undefined && now !== undefined && old !== now
    ? `${JSON.stringify(now)} is the version of a kernel`
    : undefined
}

function modeText({ before, words: [old, now] }: Evidence): string | undefined {
  const isMode = MODE_TEXT.test(old) && MODE_TEXT.test(now)
  const isNumber = MODE_WORD.test(before) && /^[0-7]{3,4}$/.test(old) && /^[0-7]{3,4}$/.test(now)
  return isMode || isNumber ? `${JSON.stringify(now)} are permissions` : undefined
}

function processor({ difference: { where }, before, after, words: [old, now] }: Evidence): string | undefined {
  if (where.kind === 'elf' && /^(?:x86|AArch64) /.test(where.field)) return 'the file states what processor it needs'
  if (where.kind === 'elf' && where.field === 'flags' && where.section === '') return 'the file states its processor'
  const isNumber = /^\d{1,4}$/.test(old) && /^\d{1,4}$/.test(now)
  if (isNumber && PROCESSORS.test(before) && PROCESSORS.test(after)) return 'a number of processors'
  const name = PROCESSOR_NAME.exec(`${before}\n${after}`)?.[0]
  return name === undefined || !hasWords(old, now) ? undefined : `${JSON.stringify(name)} is about the processor`
}

function jobs({ before, after, words: [old, now] }: Evidence): string | undefined {
  const isNumber = /\d{1,4}$/.test(old) && /\d{1,4}$/.test(now)
  return isNumber && JOBS.test(before) && JOBS.test(after) ? 'a number of jobs' : undefined
}

function userName({ before, after, words: [old, now] }: Evidence): string | undefined {
  const [one, other] = [USER_AT_HOST.exec(old), USER_AT_HOST.exec(now)]
  if (one !== null && other !== null && one[1] !== other[1]) return `${JSON.stringify(other[1])} is a user`
  const isNamed = USER_WORD.test(before) && USER_WORD.test(after)
  return isNamed && isName(old) && isName(now) ? `${JSON.stringify(now)} stands where a user is named` : undefined
}

function hostName({ before, after, words: [old, now] }: Evidence): string | undefined {
  const [one, other] = [USER_AT_HOST.exec(old), USER_AT_HOST.exec(now)]
  if (one !== null && other !== null && one[2] !== other[2]) return `${JSON.stringify(other[2])} is a host`
  const isNamed = HOST_WORD.test(before) && HOST_WORD.test(after)
  return isNamed && isName(old) && isName(now) ? `${JSON.stringify(now)} stands where a host is named` : undefined
}

function localeName({ words: [old, now] }: Evidence): string | undefined {
  return LOCALE.test(old) && LOCALE.test(now) ? `${JSON.stringify(now)} is a locale` : undefined
}

function folder({ words: [before, after] }: Evidence): string | undefined {
  const [old, now] = [FOLDER.exec(before)?.[1], FOLDER.exec(after)?.[1]]
  if (old === now) return undefined
  return `${JSON.stringify(now ?? old)} is a path`
}

/** Numbers, hexadecimal and base64 of one length that have little in common. */
function entropy({ difference: { where }, words: [before, after] }: Evidence): string | undefined {
  if (!isText(where)) return undefined
  const MADE_UP = /[A-Za-z0-9+/_-]{8,}={0,2}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/
  const [old, now] = [MADE_UP.exec(before)?.[0], MADE_UP.exec(after)?.[0]]
  if (old === undefined || now === undefined || old.length !== now.length) return undefined
  return looksMadeUp(old, now) ? `${JSON.stringify(now)} looks made up` : undefined
}

function smallNumber({ difference: { where }, before: full, words: [before, after] }: Evidence): string | undefined {
  if (!isText(where) || (where.kind === 'elf' && !full.startsWith('"'))) return undefined
  const isRandom = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= MOST_RANDOM
  return isRandom(before) && isRandom(after) && Math.abs(Number(before) - Number(after)) > 1
    ? `${after} is a number that nothing else explains`
    : undefined
}

/** Other instructions have other lengths; four bytes alone are more often a number or an address. */
function machineCode({ difference: { where }, before, after }: Evidence): string | undefined {
  if (where.kind !== 'elf' || !where.isCode || where.symbol === '') return undefined
  const FOUR_BYTES = '00 00 00 00'.length
  const isLong = where.field === 'content' && Math.max(before.length, after.length) > FOUR_BYTES
  return isLong || where.field === 'size' ? 'other instructions in the same function' : undefined
}

function buildIdAlone({ difference: { where } }: Evidence): string | undefined {
  return where.kind === 'elf' && isField(where, 'build-id', 'debuglink')
    ? 'the build-id alone differs: debug information that is not here does'
    : undefined
}

/** Whether it is the content of a file, or its name. */
function isText(where: Where): boolean {
  return where.kind === 'text' || where.kind === 'bytes' || where.kind === 'entry' || isField(where, 'content', 'FNAME')
}

function hasWords(...texts: readonly string[]): boolean {
  return texts.some((text) => /[A-Za-z]/.test(text))
}

function isName(text: string): boolean {
  return /^[\w.-]{1,64}:?$/.test(text) && /[A-Za-z]/.test(text)
}

/** True when at least half of the characters differ and there are digits, or both cases, among them. */
function looksMadeUp(a: string, b: string): boolean {
  let differing = 0
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) differing++
  const isMixed = (text: string): boolean => /\d/.test(text) || (/[a-z]/.test(text) && /[A-Z]/.test(text))
  return differing * 2 >= a.length && isMixed(a) && isMixed(b)
}

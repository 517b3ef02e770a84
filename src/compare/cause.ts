import type { Cause, CauseName, Clues, Difference } from '../model/difference.ts'
import { clueRule, onlyClue, RULES } from './cause-rules.ts'
import { evidenceOf } from './evidence.ts'

/** What to change in the recipe. */
export const ADVICE: Readonly<Record<CauseName, string>> = {
  path: 'Keep the build folder out of the files: -ffile-prefix-map=$PWD=. for compilers, relative paths for scripts.',
  date: 'Take the time from SOURCE_DATE_EPOCH, or leave it out: gzip -n, ar D, tar --mtime, -Wdate-time finds __DATE__.',
  order: 'Sort what comes from a folder before it is used: LC_ALL=C sort, $(sort $(wildcard …)), find | sort.',
  locale: 'Set LC_ALL=C for what sorts, formats or reads texts.',
  cpu: 'Name the processor: no -march=native, and no configure test that runs on the machine it builds on.',
  randomness:
    'Take the random number out, or seed it with a constant: -frandom-seed, PYTHONHASHSEED=0, names not from mktemp.',
  'host name':
    'Keep the name of the machine out: patch what calls hostname or uname -n, or set its variable to a constant.',
  umask: 'State the modes when files are installed: install -m 0644, chmod.',
  parallelism:
    'Declare what depends on what, and put members into an archive in one call with a sorted list; else build with -j1.',
  user: 'Keep user and group out: tar --owner=0 --group=0, ar D; patch what calls whoami or id.',
  kernel: 'Do not ask uname: name the kernel or its oldest version by an option of configure.',
  consequence: 'Look at the other differences of this file first.',
  unknown: 'Look at the step that makes this file; mrrl shell opens its sandbox.',
}

/** The most likely cause of a difference: a clue that stands in it, else the first rule that holds. */
export function causeOf(difference: Omit<Difference, 'cause'>, clues: Clues): Cause {
  const evidence = evidenceOf(difference, clues)
  const known = clueRule(evidence)
  if (known !== undefined) return cause(known.name, known.because)
  for (const { name, because } of RULES) {
    const found = because(evidence)
    if (found !== undefined) return cause(name, found)
  }
  const only = onlyClue(evidence)
  return only === undefined ? cause('unknown', '') : cause(only.name, only.because)
}

function cause(name: CauseName, because: string): Cause {
  return { name, because, advice: ADVICE[name] }
}

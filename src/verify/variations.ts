import type { Clue } from '../model/difference.ts'
import type { Surroundings } from '../model/surroundings.ts'
import type { Conditions } from './conditions.ts'
import type { Machine } from './machine.ts'

/** One of the two values of a variation; the two rounds of a verification hold both. */
export interface Value {
  /** As people read it. */
  readonly shown: string
  /** As it may be found in a file; '' where there is no such text. */
  readonly found: string
  readonly apply: (conditions: Conditions) => Conditions
}

/** Something that must not matter to what is built. */
export interface Variation {
  readonly name: string
  readonly about: string
  /** The cause that it is when an output depends on it; '' for one that no step can see. */
  readonly cause: Clue['name'] | ''
  /** What is found in files where it is not varied. */
  readonly usual: string
  /** Why it cannot be varied here, or ''. `needed` is the size of a store in bytes. */
  readonly refusal: (machine: Machine, needed: number) => string
  readonly values: (machine: Machine) => readonly [Value, Value]
}

/** As `/proc/cpuinfo` shows a processor with nothing but what every x86-64 has. */
const PLAIN_PROCESSOR = `processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 15
model\t\t: 5
model name\t: a plain x86-64
cpu MHz\t\t: 1400.000
cpu cores\t: 1
flags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 syscall nx lm
`

const LONG_FOLDER = '/var/tmp/a-much-longer-place/for-builds'

/** All variations, in the order in which reports list them. */
export const VARIATIONS: readonly Variation[] = [
  {
    name: 'user',
    about: 'who builds, by id and by name, outside of the sandbox and in it',
    cause: 'user',
    usual: '',
    refusal: ({ userRefusal }) => userRefusal,
    values: ({ isRoot, sandboxes }) => [
      inside('named mrrl-first', 'mrrl-first', { env: { USER: 'mrrl-first', LOGNAME: 'mrrl-first' } }),
      {
        shown: isRoot ? 'without an account' : 'root of a user namespace',
        found: 'mrrl-second',
        apply: (conditions) => ({
          ...withSurroundings(conditions, {
            env: { USER: 'mrrl-second', LOGNAME: 'mrrl-second' },
            ...(sandboxes.includes('bwrap') && { uid: 1234 }),
          }),
          // The only back end whose steps need not be root of their namespace.
          ...(sandboxes.includes('bwrap') && { sandbox: 'bwrap' }),
          isOtherUser: true,
        }),
      },
    ],
  },
  {
    name: 'host-name',
    about: 'name of the machine, outside of the sandbox and in it',
    cause: 'host name',
    usual: 'mrrl',
    refusal: ({ namespaceRefusal }) => namespaceRefusal,
    values: () => [hostName('verify-first'), hostName('verify-second.example')],
  },
  {
    name: 'cwd',
    about: 'working folder of mrrl',
    cause: '',
    usual: '',
    refusal: possible,
    values: () => [process('first', { cwd: 'first' }), process('a second folder', { cwd: 'a second folder' })],
  },
  {
    name: 'home',
    about: 'HOME, outside of the sandbox and in it',
    cause: 'path',
    usual: '/build',
    refusal: possible,
    values: () => [home('/nonexistent/first'), home('/nonexistent/second')],
  },
  {
    name: 'umask',
    about: 'umask, outside of the sandbox and in it',
    cause: 'umask',
    usual: '022',
    refusal: possible,
    values: () => [umask('077'), umask('002')],
  },
  {
    name: 'timezone',
    about: 'TZ, outside of the sandbox and in it',
    cause: 'date',
    usual: 'UTC',
    refusal: possible,
    values: () => [variables({ TZ: 'VFA-14' }, 'VFA'), variables({ TZ: 'VFB+11' }, 'VFB')],
  },
  {
    name: 'locale',
    about: 'LANG, LANGUAGE and LC_ALL, outside of the sandbox and in it',
    cause: 'locale',
    usual: 'C',
    refusal: possible,
    values: () => [locale('et_EE.UTF-8'), locale('tr_TR.UTF-8')],
  },
  {
    name: 'jobs',
    about: 'processes at once: one, and twice as many as there are processors',
    cause: 'parallelism',
    usual: '',
    refusal: possible,
    values: ({ processors }) => [process('1', { jobs: 1 }), process(`${many(processors)}`, { jobs: many(processors) })],
  },
  {
    name: 'processors',
    about: 'processors to run on: one, and all',
    cause: 'parallelism',
    usual: '',
    refusal: ({ cpuRefusal }) => cpuRefusal,
    values: ({ processors }) => [process('1', { processors: '0' }), process(`all ${processors}`, {})],
  },
  {
    name: 'cpu',
    about: 'what /proc/cpuinfo says: a plain x86-64, and the truth',
    cause: 'cpu',
    usual: '',
    refusal: possible,
    values: () => [
      inside('a plain x86-64', 'a plain x86-64', { files: { '/proc/cpuinfo': PLAIN_PROCESSOR } }),
      process("this machine's", {}),
    ],
  },
  {
    name: 'aslr',
    about: 'whether addresses are random (setarch -R)',
    cause: 'randomness',
    usual: '',
    refusal: ({ aslrRefusal }) => aslrRefusal,
    values: () => [personality('no random addresses', '-R'), process('random addresses', {})],
  },
  {
    name: 'kernel',
    about: 'release of the kernel: of mrrl (setarch --uname-2.6), and below /proc in the sandbox',
    cause: 'kernel',
    usual: '',
    refusal: ({ kernelRefusal }) => kernelRefusal,
    values: () => [process("this machine's", {}), oldKernel('2.6.78-verify')],
  },
  {
    name: 'path',
    about: 'order of the folders in PATH of mrrl',
    cause: '',
    usual: '',
    refusal: possible,
    values: () => [
      process('/sbin:/usr/sbin:/bin:/usr/bin', { env: { PATH: '/sbin:/usr/sbin:/bin:/usr/bin' } }),
      process('/usr/bin:/bin', { env: { PATH: '/nonexistent:/usr/bin:/bin' } }),
    ],
  },
  {
    name: 'sandbox',
    about: 'what makes the sandbox: unshare, and bwrap',
    cause: '',
    usual: '',
    refusal: ({ sandboxes }) => (sandboxes.length > 1 ? '' : `only ${sandboxes[0] ?? 'none'} works here`),
    values: () => [process('unshare', { sandbox: 'unshare' }), process('bwrap', { sandbox: 'bwrap' })],
  },
  {
    name: 'store',
    about: 'where the store is: beside yours, and in the folder for temporary files',
    cause: 'path',
    usual: '',
    refusal: ({ placeRefusal }) => placeRefusal,
    values: () => [
      process('beside yours', { place: 'beside the store' }),
      process('temporary folder', { place: 'temporary folder' }),
    ],
  },
  {
    name: 'build-folder',
    about: 'where a step works, which is /build otherwise',
    cause: 'path',
    usual: '/build',
    refusal: possible,
    values: () => [
      inside('/b', '/b', { buildFolder: '/b' }),
      inside(LONG_FOLDER, LONG_FOLDER, { buildFolder: LONG_FOLDER }),
    ],
  },
  {
    name: 'clock',
    about: 'clock of mrrl: 400 days ahead, and 400 behind (libfaketime)',
    cause: 'date',
    usual: '',
    refusal: ({ fakeTime }) => (fakeTime === '' ? 'not installed: libfaketime' : ''),
    values: () => [process('400 days ahead', { clockDays: 400 }), process('400 days behind', { clockDays: -400 })],
  },
  {
    name: 'order',
    about: 'order in which folders list their files: that of the disk, and that of their making (in memory)',
    cause: 'order',
    usual: '',
    refusal: ({ namespaceRefusal, memory }, needed) => {
      const isTight = needed > memory / 2
      return namespaceRefusal || (isTight ? `a store in memory needs ${Math.ceil((2 * needed) / 1e6)} MB free` : '')
    },
    values: () => [
      process('that of the disk', {}),
      {
        shown: 'that of their making, backwards',
        found: '',
        apply: (conditions) => ({ ...withSurroundings(conditions, { fileOrder: 'backwards' }), isInMemory: true }),
      },
    ],
  },
]

function possible(): string {
  return ''
}

function many(processors: number): number {
  return Math.max(4, 2 * processors)
}

function process(shown: string, change: Partial<Conditions>): Value {
  const apply = (conditions: Conditions): Conditions => ({
    ...conditions,
    ...change,
    env: { ...conditions.env, ...change.env },
  })
  return { shown, found: '', apply }
}

function inside(shown: string, found: string, change: Partial<Surroundings>): Value {
  return { shown, found, apply: (conditions) => withSurroundings(conditions, change) }
}

function withSurroundings(conditions: Conditions, change: Partial<Surroundings>): Conditions {
  const { surroundings } = conditions
  const env = { ...surroundings.env, ...change.env }
  const files = { ...surroundings.files, ...change.files }
  return { ...conditions, surroundings: { ...surroundings, ...change, env, files } }
}

function variables(env: Readonly<Record<string, string>>, found: string): Value {
  const apply = (conditions: Conditions): Conditions => ({
    ...withSurroundings(conditions, { env }),
    env: { ...conditions.env, ...env },
  })
  return { shown: Object.values(env)[0] ?? '', found, apply }
}

function home(path: string): Value {
  return variables({ HOME: path }, path)
}

function locale(name: string): Value {
  return variables({ LC_ALL: name, LANG: name, LANGUAGE: name.slice(0, 2) }, name)
}

function hostName(name: string): Value {
  const apply = (conditions: Conditions): Conditions => ({
    ...withSurroundings(conditions, { hostName: name }),
    hostName: name,
  })
  return { shown: name, found: name, apply }
}

function umask(mask: string): Value {
  const apply = (conditions: Conditions): Conditions => ({
    ...withSurroundings(conditions, { umask: mask }),
    umask: mask,
  })
  return { shown: mask, found: mask, apply }
}

/**
 * A step itself runs with the true release: the C library of the seed ends every program on a kernel that it takes for
 * older than 3.
 */
function oldKernel(release: string): Value {
  const files = { '/proc/sys/kernel/osrelease': `${release}\n`, '/proc/version': `Linux version ${release}\n` }
  const apply = (conditions: Conditions): Conditions => ({
    ...withSurroundings(conditions, { files, personality: ['linux64'] }),
    personality: [...conditions.personality, '--uname-2.6'],
  })
  return { shown: release, found: release, apply }
}

function personality(shown: string, word: string): Value {
  const apply = (conditions: Conditions): Conditions => ({
    ...conditions,
    personality: [...conditions.personality, word],
  })
  return { shown, found: '', apply }
}

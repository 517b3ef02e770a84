import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { SANDBOX_NAMES, type SandboxName } from '../../src/sandbox/sandbox.ts'
import { inSandbox, missingSandbox, type Runner, startSandbox, untilGone } from '../support/sandbox.ts'
import type { SandboxAnswer, SandboxOrder } from '../support/sandbox-child.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const RUNNERS: readonly Runner[] = ['this user', 'an ordinary user']

/** Prints one `name=value` line per fact; commands that must fail say `refused`. */
const FACTS = `
fact() { name=$1; shift; echo "$name=$("$@" 2>&1 | tr '\\n' ' ' | sed 's/ $//')"; }
try() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "$name=allowed"; else echo "$name=refused"; fi; }
fact cwd pwd
fact umask umask
fact host cat /proc/sys/kernel/hostname
fact uid id -u
fact gid id -g
fact root ls /
fact dev ls /dev
fact fds sh -c 'for fd in /proc/self/fd/*; do readlink $fd; done | sort -u | grep -v -e pipe: -e /dev/null -e /proc/'
fact interfaces sh -c "sed -n 's/^ *\\([^ :]*\\):.*/\\1/p' /proc/net/dev"
fact routes sh -c "sed 1d /proc/net/route"
fact capabilities sed -n 's/^CapEff:\\t*//p' /proc/self/status
fact bounding sed -n 's/^CapBnd:\\t*//p' /proc/self/status
fact privileges sed -n 's/^NoNewPrivs:\\t*//p' /proc/self/status
fact processes sh -c 'ls -d /proc/[0-9]* | wc -l'
fact core sh -c 'ulimit -c'
fact tmpmode stat -c %a /tmp
fact mounts sh -c "cut -d' ' -f5 /proc/self/mountinfo"
try 'write to an input' touch /usr/mrrl-was-here
try 'write to the root' touch /mrrl-was-here
try 'write to /dev' touch /dev/mrrl-was-here
try 'make an input writable' mount -o remount,bind,rw /usr
try 'make the root writable' mount -o remount,rw /
try 'mount' mount -t tmpfs none /tmp
try 'make a device' mknod /tmp/sda b 8 0
try 'make a user namespace' unshare --user true
try 'make a mount namespace' unshare --mount true
try 'change the host name' sh -c 'echo other > /proc/sys/kernel/hostname'
try 'write a kernel setting' sh -c 'read value < /proc/sys/kernel/panic; echo $value > /proc/sys/kernel/panic'
try 'write below /proc' sh -c 'read value < /proc/self/oom_score_adj; echo $value > /proc/self/oom_score_adj'
try 'use a terminal' sh -c ': < /dev/tty'
try 'write to /tmp' touch /tmp/file
try 'read /dev/zero' dd if=/dev/zero of=/dev/null bs=1 count=1
try 'write to /dev/shm' touch /dev/shm/file
`

/** CAP_SYS_CHROOT, which chroot itself needs. */
const CHROOT = 1n << 18n

for (const backEnd of SANDBOX_NAMES) for (const runner of RUNNERS) conformance(backEnd, runner)

function conformance(backEnd: SandboxName, runner: Runner): void {
  const absent = missingSandbox(backEnd, runner)
  const run = (script: string, more: Partial<SandboxOrder> = {}, fds: readonly number[] = []): Promise<SandboxAnswer> =>
    inSandbox(runner, { backEnd, argv: ['/bin/sh', '-c', script], ...more }, fds)

  spec(`the sandbox by ${backEnd} of ${runner}`, (test) => {
    let facts: Promise<ReadonlyMap<string, string>> | undefined
    const fact = async (name: string): Promise<string | undefined> => {
      facts ??= withFolder(async (folder) => {
        writeFileSync(join(folder, 'secret'), 'secret')
        // One that the process inherits; a descriptor that it opens itself would be closed by exec.
        const { output } = await run(FACTS, {}, [openSync(join(folder, 'secret'), 'r')])
        return new Map(output.split('\n').map((line) => [line.replace(/=.*/s, ''), line.replace(/^[^=]*=/, '')]))
      })
      return (await facts).get(name)
    }
    const expect = (title: string, expected: Readonly<Record<string, string>>): void => {
      test.unless(absent, title, async () => {
        for (const [name, value] of Object.entries(expected)) assert.is(await fact(name), value, name)
      })
    }

    expect('starts in the root, as its root, with a fixed name and umask', {
      cwd: '/',
      umask: '0022',
      host: 'mrrl',
      uid: '0',
      gid: '0',
      core: '0',
    })
    expect('has no network but its own loop', { interfaces: 'lo', routes: '' })
    expect('has inputs that cannot be written', {
      'write to an input': 'refused',
      'make an input writable': 'refused',
    })
    expect('has a root that cannot be written', {
      'write to the root': 'refused',
      'write to /dev': 'refused',
      'make the root writable': 'refused',
    })
    expect('has a /tmp and the usual devices', {
      'write to /tmp': 'allowed',
      'read /dev/zero': 'allowed',
      'write to /dev/shm': 'allowed',
      tmpmode: '1777',
      // bwrap adds a link to /proc/kcore, which cannot be read.
      dev: `${backEnd === 'bwrap' ? 'core ' : ''}fd full null ptmx pts random shm stderr stdin stdout tty urandom zero`,
    })
    expect('gives no way to more rights', {
      privileges: '1',
      mount: 'refused',
      'make a device': 'refused',
      'make a user namespace': 'refused',
      'make a mount namespace': 'refused',
      'change the host name': 'refused',
      'write a kernel setting': 'refused',
      'write below /proc': 'refused',
      'use a terminal': 'refused',
    })
    expect('has none of the descriptors of its maker', { fds: '' })

    test.unless(absent, 'has no capability but that of chroot', async () => {
      for (const name of ['capabilities', 'bounding']) {
        assert.is(BigInt(`0x${await fact(name)}`) & ~CHROOT, 0n, name)
      }
    })

    test.unless(absent, 'sees its own processes only', async () => {
      assert.ok(Number(await fact('processes')) < 12)
    })

    test.unless(absent, 'sees its own mounts only', async () => {
      const mounts = ((await fact('mounts')) ?? '').split(' ')
      const allowed = /^\/($|proc|dev|tmp$|usr$|bin$|lib[0-9x]*$|etc\/alternatives$)/
      assert.equal(
        mounts.filter((path) => !allowed.test(path)),
        [],
      )
    })

    test.unless(absent, 'has exactly the given environment', async () => {
      const env = { PATH: '/usr/bin', EMPTY: '', LINES: 'two\nlines', SIGN: 'a=b $HOME' }
      const { output } = await run('', { env, argv: ['/usr/bin/env', '-0'] })
      // bwrap sets PWD; nothing else may be there.
      const found = output.split('\0').filter((line) => line !== '' && line !== 'PWD=/')
      assert.equal(found.sort(), ['EMPTY=', 'LINES=two\nlines', 'PATH=/usr/bin', 'SIGN=a=b $HOME'])
    })

    test.unless(absent, 'hands on the exit status and all output in order', async () => {
      const { exit, output } = await run('echo one; echo two >&2; echo three; exit 7')
      assert.is(output, 'one\ntwo\nthree\n')
      assert.equal([exit.outcome, exit.status], ['exited', 7])
    })

    test.unless(absent, 'loses nothing of a long output', async () => {
      const { output } = await run('head -c 5000000 /dev/zero | tr "\\0" x')
      assert.is(output.length, 5_000_000)
    })

    test.unless(absent, 'tells when its program was killed', async () => {
      const { exit } = await run("sh -c 'kill -9 $$'")
      assert.equal([exit.outcome, exit.status], ['killed', 137])
    })

    // The parent process of bwrap leaves without waiting for its child, whose time is lost then.
    test.unless(
      backEnd === 'bwrap' ? 'bwrap does not tell' : absent,
      'measures the processor time of the whole tree',
      async () => {
        const { exit } = await run('(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done) & wait')
        assert.ok(exit.cpuMs > 50 && exit.cpuMs <= exit.wallMs * 2 + 200, JSON.stringify(exit))
      },
    )

    test.unless(absent, 'shows files and links, and takes what is written where it may be', () =>
      withFolder(async (folder) => {
        const out = join(folder, 'out')
        mkdirSync(out)
        chmodSync(folder, 0o755)
        chmodSync(out, 0o777)
        writeFileSync(join(folder, 'note'), 'hello')
        const { output, exit } = await run('cat /note /also; echo made > /out/file; ls /in; mkdir /in/x', {
          mounts: [
            { at: '/out', from: out, kind: 'writable' },
            { at: '/in', from: folder, kind: 'read-only' },
            { at: '/note', from: join(folder, 'note'), kind: 'file' },
          ],
          links: [{ at: '/also', target: 'note' }],
        })
        assert.match(output, /^hellohellonote\nout\n.*Read-only file system/s)
        assert.is.not(exit.status, 0)
        assert.is(readFileSync(join(out, 'file'), 'utf8'), 'made\n')
        assert.is(statSync(join(out, 'file')).mode & 0o777, 0o644)
      }),
    )

    test.unless(absent, 'limits /tmp', async () => {
      const { exit, output } = await run('head -c 3000000 /dev/zero > /tmp/big', { tmpBytes: 2_000_000 })
      assert.is.not(exit.status, 0)
      assert.match(output, /No space left/)
    })

    test.unless(absent, 'ends daemons with its program', async () => {
      const mark = newMark()
      const { exit } = await run(`setsid sleep ${mark} & sleep 0.2; echo started`)
      assert.equal([exit.outcome, exit.status], ['exited', 0])
      await untilGone(mark)
    })

    test.unless(absent, 'ends everything at its time limit', async () => {
      const mark = newMark()
      const { exit } = await run(`setsid sleep ${mark} & trap '' TERM INT HUP; sleep ${mark}; sleep ${mark}`, {
        timeoutMs: 500,
      })
      assert.is(exit.outcome, 'timed out')
      await untilGone(mark)
    })

    test.unless(absent, 'ends everything on an abort', async () => {
      const mark = newMark()
      const { exit } = await run(`setsid sleep ${mark} & echo go; sleep ${mark}`, { abort: true })
      assert.is(exit.outcome, 'aborted')
      assert.ok(exit.wallMs < 10_000)
      await untilGone(mark)
    })

    test.unless(absent, 'is gone with all its mounts when its maker is killed', async () => {
      const mark = newMark()
      const child = startSandbox(runner, {
        backEnd,
        argv: ['/bin/sh', '-c', `setsid sleep ${mark} & echo go; sleep ${mark}`],
      })
      let printed = ''
      await new Promise<void>((resolve) => {
        child.stderr?.setEncoding('utf8').on('data', (text: string) => {
          printed += text
          if (printed.includes('running\n')) resolve()
        })
      })
      const closed = once(child, 'exit')
      child.kill('SIGKILL')
      await closed
      await untilGone(mark)
      const staging = /^staging (.*)$/m.exec(printed)?.[1] ?? ''
      assert.not.ok(readFileSync('/proc/self/mountinfo', 'utf8').includes(staging))
      assert.equal(readdirSync(join(staging, 'root')), [])
      rmSync(staging, { recursive: true })
      assert.not.ok(existsSync(staging))
    })
  })
}

/** A number of seconds that no other process sleeps. */
function newMark(): string {
  return `${3_000_000 + process.pid}.${++marks}`
}

let marks = 0

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT, type RunOptions, type RunResult } from './mrrl.ts'
import { missing } from './tools.ts'

/** A run of the program in a network that counts. */
export interface CountedRun extends RunResult {
  /** Packets that were sent, on the loopback device too. */
  readonly packets: number
  readonly seconds: number
}

const OWN = '10.77.0.2'
const GATEWAY = '10.77.0.1'
const NAME_SERVER = '10.77.0.53'
const MAC = '02:00:00:00:00:01'

/**
 * A network in which every packet leaves by one device, whose counter shows it, and nothing ever answers: names are
 * looked up at a server that does not exist. IPv6 is off, because the kernel itself sends there.
 */
const SETUP = `
  ip link add v0 type veth peer name v1
  sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  ip link set lo up
  ip address add ${OWN}/24 dev v0
  ip link set v0 up
  ip link set v1 up
  ip route add default via ${GATEWAY}
  ip neigh replace ${GATEWAY} lladdr ${MAC} dev v0
  ip neigh replace ${NAME_SERVER} lladdr ${MAC} dev v0
  mount --bind "$SCRATCH/resolv.conf" /etc/resolv.conf
`

/** Why no such network can be made here, or null. */
export function missingNetwork(): string | null {
  const absent = missing('unshare', 'ip', 'sysctl')
  if (absent !== null) return absent
  return inNetwork(['true'], '/', {}).result.status === 0 ? null : 'needs network namespaces with veth devices'
}

/** Runs `mrrl` in a network that counts packets; `prefix` is a program that runs it, such as `strace`. */
export function countedMrrl(args: readonly string[], options: Pick<RunOptions, 'cwd' | 'home' | 'prefix'>): CountedRun {
  const argv = [...(options.prefix ?? []), process.execPath, join(ROOT, 'bin/mrrl.js'), ...args]
  const started = performance.now()
  const env = { MRRL_HOME: options.home ?? '', npm_config_registry: 'https://registry.invalid/' }
  const { result, packets } = inNetwork(argv, options.cwd, env)
  return { ...result, packets, seconds: (performance.now() - started) / 1000 }
}

function inNetwork(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): { result: RunResult; packets: number } {
  const scratch = mkdtempSync(join(tmpdir(), 'mrrl-network-'))
  try {
    writeFileSync(join(scratch, 'resolv.conf'), `nameserver ${NAME_SERVER}\n`)
    const script = `set -e${SETUP}status=0; "$@" || status=$?; cat /proc/net/dev > "$SCRATCH/dev"; exit $status`
    const flags = process.getuid?.() === 0 ? '-nm' : '-rnm'
    const { status, stdout, stderr } = spawnSync('unshare', [flags, '/bin/sh', '-c', script, 'sh', ...argv], {
      cwd,
      env: { ...process.env, ...env, SCRATCH: scratch, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
      encoding: 'utf8',
    })
    const packets = status === null ? Number.NaN : sentPackets(join(scratch, 'dev'))
    return { result: { status, stdout, stderr }, packets }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Sum of the packets sent on all devices, proc_pid_net(5). */
function sentPackets(path: string): number {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return Number.NaN // the network could not be set up
  }
  const rows = text
    .split('\n')
    .slice(2)
    .filter((line) => line !== '')
  return rows.reduce((sum, row) => sum + Number((row.split(':')[1] ?? '').trim().split(/ +/)[9]), 0)
}

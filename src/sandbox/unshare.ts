import { DEVICES, type Sandbox, type SandboxExit, type SandboxRequest } from './sandbox.ts'
import { findProgram, runBackEnd } from './spawn.ts'

/** Namespaces of the tree. The killed child is PID 1 of its namespace: the kernel ends all below it. */
const NAMESPACES = [
  ...['--user', '--map-root-user', '--mount', '--pid', '--net', '--ipc', '--uts', '--cgroup'],
  ...['--fork', '--kill-child=SIGKILL', '--propagation', 'private'],
]

/**
 * Builds the root on a tmpfs from `kind from at` triples, then becomes the program.
 * The new root is moved over the old one (as an initramfs does), so that nothing of the host is below `/` any more,
 * and all capabilities are given up but CAP_SYS_CHROOT, which chroot itself needs and which then leads nowhere.
 */
const SETUP = `
set -eu
umask 022
host=$1 root=$2; shift 2
mount -n -t tmpfs -o mode=755,size=16m,nosuid,nodev mrrl "$root"
while [ "$1" != -- ]; do
  kind=$1 from=$2 at=$root$3; shift 3
  case $kind in
    read-only) mkdir -p "$at"; mount -n --bind "$from" "$at"; mount -n -o remount,bind,ro,nosuid,nodev "$at" ;;
    writable) mkdir -p "$at"; mount -n --bind "$from" "$at"; mount -n -o remount,bind,nosuid,nodev "$at" ;;
    file) mkdir -p "\${at%/*}"; [ -e "$at" ] || : > "$at"; mount -n --bind "$from" "$at" ;;
    link) mkdir -p "\${at%/*}"; ln -s "$from" "$at" ;;
    tmpfs) mkdir -p "$at"; mount -n -t tmpfs -o "$from" mrrl "$at" ;;
    proc) mkdir -p "$at"; mount -n -t proc -o nosuid,nodev,noexec proc "$at"
      mount -n -o remount,bind,ro,nosuid,nodev,noexec "$at" ;;
    devpts) mkdir -p "$at"; mount -n -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$at" ;;
  esac
done
shift
hostname "$host" 2>/dev/null || echo "$host" > /proc/sys/kernel/hostname
domainname '(none)' 2>/dev/null || :
echo 0 > /proc/sys/user/max_user_namespaces
mount -n -o remount,bind,ro,nosuid "$root/dev"
mount -n -o remount,bind,ro,nosuid,nodev "$root"
cd "$root"
mount -n --move . /
exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot --inh-caps=-all env -i "$@"
`

/** The sandbox that needs nothing but util-linux, coreutils and a shell on the host. */
export const unshareSandbox: Sandbox = {
  name: 'unshare',
  run(request: SandboxRequest): Promise<SandboxExit> {
    const env = Object.entries(request.env).map(([name, value]) => `${name}=${value}`)
    const setup = ['/bin/sh', '-c', SETUP, 'sh', request.hostName, request.staging, ...rootTriples(request), '--']
    // Found here, because `env -i` looks it up in the PATH of the sandbox.
    const enter = [...env, findProgram('chroot'), '.', ...request.argv]
    return runBackEnd(['unshare', ...NAMESPACES, ...setup, ...enter], request)
  },
}

function rootTriples(request: SandboxRequest): string[] {
  return [
    ...['tmpfs', 'mode=755,size=1m,nosuid', '/dev'],
    ...DEVICES.flatMap((name) => ['file', `/dev/${name}`, `/dev/${name}`]),
    ...['devpts', '-', '/dev/pts', 'link', 'pts/ptmx', '/dev/ptmx'],
    ...['tmpfs', 'mode=1777,size=64m,nosuid,nodev', '/dev/shm'],
    ...['link', '/proc/self/fd', '/dev/fd', 'link', '/proc/self/fd/0', '/dev/stdin'],
    ...['link', '/proc/self/fd/1', '/dev/stdout', 'link', '/proc/self/fd/2', '/dev/stderr'],
    ...['proc', '-', '/proc', 'tmpfs', `mode=1777,size=${request.tmpBytes},nosuid,nodev`, '/tmp'],
    ...request.mounts.flatMap(({ kind, from, at }) => [kind, from, at]),
    ...request.links.flatMap(({ target, at }) => ['link', target, at]),
  ]
}

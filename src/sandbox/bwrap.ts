import type { Mount, Sandbox, SandboxExit, SandboxRequest } from './sandbox.ts'
import { findProgram, runBackEnd } from './spawn.ts'

const NAMESPACES = [
  ...['--unshare-user', '--disable-userns', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts'],
  ...['--unshare-cgroup-try', '--die-with-parent', '--cap-drop', 'ALL'],
]

/** The sandbox made by bubblewrap, where it is installed. */
export const bwrapSandbox: Sandbox = {
  name: 'bwrap',
  run(request: SandboxRequest): Promise<SandboxExit> {
    const argv = [
      ...[findProgram('bwrap'), ...NAMESPACES, ...(request.interactive ? [] : ['--new-session']), '--clearenv'],
      ...['--uid', String(request.uid), '--gid', String(request.uid), '--hostname', request.hostName],
      ...Object.entries(request.env).flatMap(([name, value]) => ['--setenv', name, value]),
      ...['--dev', '/dev', '--remount-ro', '/dev', '--tmpfs', '/dev/shm', '--proc', '/proc', '--remount-ro', '/proc'],
      ...['--perms', '1777', '--size', String(request.tmpBytes), '--tmpfs', '/tmp'],
      ...request.mounts.flatMap(bind),
      ...request.links.flatMap(({ at, target }) => ['--symlink', target, at]),
      ...['--remount-ro', '/', '--chdir', '/', '--', ...request.argv],
    ]
    return runBackEnd(argv, request)
  },
}

function bind(mount: Mount): string[] {
  return [mount.kind === 'read-only' ? '--ro-bind' : '--bind', mount.from, mount.at]
}

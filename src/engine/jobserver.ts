import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { MrrlError } from '../util/errors.ts'

/**
 * A GNU make jobserver in its fifo form: every step has one process of its own, and takes a byte from the pipe for
 * each further one. So a lone `make` uses all processors, and several share them.
 */
export interface Jobserver {
  readonly path: string
  /** Value of MAKEFLAGS for a step that sees the pipe at `at`. */
  makeFlags(at: string): string
  close(): Promise<void>
}

/** Opens a jobserver for `jobs` processes at `path`, which must not exist. */
export async function openJobserver(path: string, jobs: number): Promise<Jobserver> {
  const child = spawn('mkfifo', ['-m', '600', path], { stdio: 'ignore' })
  const [status] = await once(child, 'close').catch(() => [1])
  if (status !== 0) throw new MrrlError('E_STORE', `cannot make the pipe ${path}`, { fields: { path } })
  const handle: FileHandle = await open(path, constants.O_RDWR | constants.O_NONBLOCK)
  if (jobs > 1) await handle.write('+'.repeat(jobs - 1))
  return {
    path,
    makeFlags: (at) => `-j${jobs} --jobserver-auth=fifo:${at}`,
    close: async () => {
      await handle.close()
      await rm(path, { force: true })
    },
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from './mrrl.ts'

/** Starts a script of `tests/support` as a process of its own. */
export function startScript(script: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(ROOT, 'tests/support', script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** All that a process prints, and its exit status, once it has ended. */
export async function ended(child: ChildProcess): Promise<{ output: string; status: number | null }> {
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [status] = await once(child, 'close')
  return { output, status }
}

/** Resolves when a process has printed `text`; rejects when it ends before. */
export async function printed(child: ChildProcess, text: string): Promise<void> {
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      output += more
      if (output.includes(text)) resolve()
    })
    child.once('close', () => reject(new Error(`ended without ${JSON.stringify(text)}: ${output}`)))
  })
}

/** Kills a process as the kernel would for lack of memory, and waits until it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'close')
  child.kill('SIGKILL')
  await gone
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT, type RunResult } from './mrrl.ts'

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

/** Runs `mrrl` beside a server of this process, and returns how it ended. */
export async function mrrlBeside(
  args: readonly string[],
  options: { readonly cwd: string; readonly home: string; readonly env?: Readonly<Record<string, string>> },
): Promise<RunResult> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/mrrl.js'), ...args], {
    cwd: options.cwd,
    env: { ...process.env, MRRL_HOME: options.home, no_proxy: '*', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const { output, status } = await ended(child)
  return { status, stdout: output, stderr }
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

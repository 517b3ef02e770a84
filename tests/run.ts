import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'

/**
 * Runs every test file in a process of its own and ends with `N passed, N failed`.
 *
 *   node tests/run.ts [--e2e] [part of a path]...
 *
 * With --e2e only the long builds below tests/e2e, one at a time; without, everything else.
 */
interface FileResult {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[]
  readonly seconds: number
  readonly output: string
}

const REPORT_PIPE = 3
const FILE_LIMIT_MS = 30 * 60_000

const root = resolve(import.meta.dirname, '..')
const e2e = process.argv.includes('--e2e')
const wanted = process.argv.slice(2).filter((argument) => argument !== '--e2e')
const files = globSync('tests/**/*.test.ts', { cwd: root })
  .filter((file) => file.startsWith('tests/e2e/') === e2e)
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort()

const results: FileResult[] = []
const queue = [...files]
const workers = e2e ? 1 : availableParallelism()
await Promise.all(Array.from({ length: workers }, work))

const skipped = results.flatMap((result) => result.skipped)
const passed = sum(results.map((result) => result.passed))
const nothing = passed + skipped.length === 0
const failed = sum(results.map((result) => result.failed)) + (nothing ? 1 : 0)
if (nothing) console.log('no test was found, which is a failure')
for (const title of skipped) console.log(`skipped  ${title}`)
if (skipped.length > 0) console.log(`${skipped.length} skipped`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

async function work(): Promise<void> {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const result = await runFile(file)
    results.push(result)
    const mark = result.failed > 0 ? 'FAILED' : 'ok    '
    console.log(`${mark} ${file}  ${result.passed} passed  ${result.seconds.toFixed(1)} s`)
    if (result.failed > 0) console.log(result.output)
  }
}

async function runFile(file: string): Promise<FileResult> {
  const started = performance.now()
  const child = spawn(process.execPath, [file], {
    cwd: root,
    env: { ...process.env, MRRL_TEST_REPORT: String(REPORT_PIPE), NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: FILE_LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  const output: string[] = []
  const report: Buffer[] = []
  child.stdout?.setEncoding('utf8').on('data', (text: string) => output.push(text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => output.push(text))
  child.stdio[REPORT_PIPE]?.on('data', (bytes: Buffer) => report.push(bytes))
  const status = await new Promise<string>((done) => {
    child.on('error', (error) => done(String(error)))
    child.on('close', (code, signal) => done(signal ?? String(code)))
  })

  const events = Buffer.concat(report)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line): { event: string; title: string } => JSON.parse(line))
  const titles = (event: string): string[] => events.filter((e) => e.event === event).map((e) => e.title)
  const finished = [...titles('passed'), ...titles('failed')]
  const lost = titles('registered').length - finished.length
  if (lost > 0) output.push(`${lost} of the tests never ended (exit ${status})\n`)
  const silent = events.length === 0 || (status !== '0' && lost === 0 && titles('failed').length === 0)
  if (silent) output.push(`the file reported nothing wrong, or nothing at all, and ended with ${status}\n`)
  return {
    file,
    passed: titles('passed').length,
    failed: titles('failed').length + lost + (silent ? 1 : 0),
    skipped: titles('skipped'),
    seconds: (performance.now() - started) / 1000,
    output: output.join(''),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

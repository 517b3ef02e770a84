import { writeSync } from 'node:fs'
import { suite } from 'uvu'

/** Registers tests of one spec. */
export interface Test {
  (name: string, body: () => unknown): void
  /** Registers a test that is skipped, and counted so, when there is a `reason` (see `missing` in `tools.ts`). */
  unless(reason: string | null, name: string, body: () => unknown): void
}

/**
 * The one way to write tests: registers what `define` asks for, and runs it. Each result goes to the runner
 * (`tests/run.ts`) at once, so that a file that dies, or ends while a test still waits, is a failure.
 */
export function spec(name: string, define: (test: Test) => void): void {
  const tests = suite(name)
  const test = (title: string, body: () => unknown): void => {
    report('registered', title)
    tests(title, async () => {
      try {
        await body()
        report('passed', title)
      } catch (error) {
        report('failed', title)
        throw error
      }
    })
  }
  const unless = (reason: string | null, title: string, body: () => unknown): void => {
    if (reason === null) {
      test(title, body)
    } else {
      tests.skip()
      report('skipped', `${name}: ${title} (${reason})`)
    }
  }
  define(Object.assign(test, { unless }))
  tests.run()
}

// The runner opens a pipe and says its number here; a test file that is started by hand has none.
const pipe = Number(process.env.MRRL_TEST_REPORT ?? -1)

function report(event: 'registered' | 'passed' | 'failed' | 'skipped', title: string): void {
  if (pipe >= 0) writeSync(pipe, `${JSON.stringify({ event, title })}\n`)
  else if (event === 'skipped') console.log(`skipped  ${title}`)
}

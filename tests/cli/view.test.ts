import { Writable } from 'node:stream'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { Output } from '../../src/cli/output.ts'
import { LiveView } from '../../src/cli/view/live-view.ts'
import { PhaseClock } from '../../src/cli/view/phases.ts'
import { PlainView } from '../../src/cli/view/plain-view.ts'
import { Progress } from '../../src/cli/view/progress.ts'
import type { BuildEvent } from '../../src/engine/events.ts'
import { check } from '../support/property.ts'
import { spec } from '../support/spec.ts'

/** A stream that keeps what is written, and says that it is a terminal of some size. */
class FakeTerminal extends Writable {
  text = ''
  isTTY = true
  columns: number
  rows: number

  constructor(columns: number, rows: number) {
    super()
    this.columns = columns
    this.rows = rows
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }

  /** Lines of the frames drawn so far, without movements and colours. */
  lines(): string[] {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is about control characters
    return this.text.replace(/\x1b\[[0-9;?]*[A-Za-z]|\r/g, '').split('\n')
  }
}

const names = fc.constantFrom('a', 'cross-binutils', 'a-very-long-name-of-a-package-that-nobody-has')
const events: fc.Arbitrary<BuildEvent> = fc.oneof(
  names.map((name): BuildEvent => ({ type: 'step started', name, expectedMs: 60_000 })),
  names.map((name): BuildEvent => ({ type: 'step started', name, expectedMs: undefined })),
  fc
    .tuple(names, fc.string({ unit: 'grapheme', maxLength: 200 }))
    .map(([name, line]): BuildEvent => ({ type: 'step output', name, line })),
  names.map((name): BuildEvent => ({ type: 'step finished', name, wallMs: 100, cpuMs: 100 })),
  names.map((name): BuildEvent => ({ type: 'step waiting', name })),
  names.map((name): BuildEvent => ({ type: 'step cached', name })),
  names.map((name): BuildEvent => ({ type: 'unpacking', name })),
  names.map((name): BuildEvent => ({ type: 'fetching', name, bytes: 5e6, size: 9e7 })),
)

spec('the live view', (test) => {
  test('never draws a line wider than the terminal', () =>
    check(
      fc.asyncProperty(
        fc.integer({ min: 30, max: 140 }),
        fc.array(events, { maxLength: 30 }),
        async (columns, some) => {
          const terminal = new FakeTerminal(columns, 12)
          const view = liveView(terminal)
          for (const event of [
            { type: 'planned', steps: ['a', 'cross-binutils', 'b'], expectedMs: {} } as const,
            ...some,
          ])
            view.onEvent(event)
          await frame()
          view.close()
          for (const line of terminal.lines()) assert.ok(line.length <= columns, `${line.length} > ${columns}: ${line}`)
        },
      ),
      8,
    ))

  test('shows what runs, for how long, and how much is left', async () => {
    const terminal = new FakeTerminal(100, 30)
    const clock = { now: 0 }
    const view = liveView(terminal, clock)
    view.onEvent({ type: 'planned', steps: ['c', 'a', 'b'], expectedMs: { a: 60_000, b: 60_000 } })
    view.onEvent({ type: 'step cached', name: 'c' })
    view.onEvent({ type: 'step started', name: 'a', expectedMs: 60_000 })
    view.onEvent({ type: 'step output', name: 'a', line: 'gcc -c x.c' })
    clock.now = 20_000
    await frame()
    const shown = terminal.lines().join('\n')
    assert.match(shown, / a +▇▇▇▇▁▁▁▁▁▁▁▁ {2}20s, about 40s left +gcc -c x\.c/)
    assert.match(shown, / · 1 of 3 steps, 20s, about 1m40s left/)
    view.onEvent({ type: 'step finished', name: 'a', wallMs: 61_000, cpuMs: 0 })
    view.close()
    assert.match(terminal.lines().join('\n'), / ✓ 1 step from the store\n ✓ a +1m01s\n/)
  })

  test('hides the cursor, and shows it again at the end, twice closed or not', () => {
    const terminal = new FakeTerminal(80, 24)
    const view = liveView(terminal)
    assert.ok(terminal.text.startsWith('\x1b[?25l'))
    view.close()
    view.close()
    assert.ok(terminal.text.endsWith('\x1b[?25h'))
    assert.is(terminal.text.split('\x1b[?25h').length, 2)
  })

  test('leaves no room for more lines than the terminal has', async () => {
    const terminal = new FakeTerminal(80, 8)
    const view = liveView(terminal)
    for (let i = 0; i < 20; i++) view.onEvent({ type: 'step started', name: `s${i}`, expectedMs: undefined })
    await frame()
    assert.ok(terminal.lines().length <= 8, terminal.text)
    view.close()
  })
})

spec('the plain view', (test) => {
  test('has one line per change', () => {
    const terminal = new FakeTerminal(80, 24)
    const clock = { now: 0 }
    const view = plainView(terminal, clock)
    const all: BuildEvent[] = [
      { type: 'planned', steps: ['a', 'b'], expectedMs: {} },
      { type: 'fetching', name: 'a', bytes: 1, size: 5_000_000 },
      { type: 'fetching', name: 'a', bytes: 2, size: 5_000_000 },
      { type: 'unpacking', name: 'a' },
      { type: 'step cached', name: 'b' },
      { type: 'step started', name: 'a', expectedMs: 61_000 },
      { type: 'step output', name: 'a', line: 'noise' },
      { type: 'step finished', name: 'a', wallMs: 65_000, cpuMs: 0 },
      { type: 'assembling' },
      { type: 'writing', format: 'squashfs' },
    ]
    for (const event of all) {
      view.onEvent(event)
      clock.now += 1000
    }
    view.close()
    assert.equal(terminal.lines(), [
      '  1.0s  a: fetching 5.0 MB',
      '  3.0s  a: unpacking',
      '  4.0s  b: in the store (1 of 2)',
      '  5.0s  a: building, about 1m00s',
      '  7.0s  a: built in 1m05s (2 of 2)',
      '  8.0s  image: assembling',
      '  9.0s  image: writing squashfs',
      '',
    ])
  })

  test('says that it is alive after a minute of silence', async () => {
    const terminal = new FakeTerminal(80, 24)
    const clock = { now: 0 }
    const view = plainView(terminal, clock)
    view.onEvent({ type: 'planned', steps: ['a'], expectedMs: {} })
    view.onEvent({ type: 'step started', name: 'a', expectedMs: undefined })
    clock.now = 61_000
    await new Promise((resolve) => setTimeout(resolve, 1100))
    view.close()
    assert.is(terminal.lines()[1], ' 1m01s  still at work: a (1m01s); 0 of 1')
  })
})

spec('the progress', (test) => {
  test('tells a rate from what arrived lately', () => {
    const progress = new Progress(0)
    for (let i = 0; i <= 20; i++) progress.apply({ type: 'fetching', name: 'a', bytes: i * 1e6, size: 9e7 }, i * 200)
    assert.is(progress.rate(4000), 5e6)
    assert.is(progress.rate(60_000), 0)
  })

  test('expects nothing as long as a step was never measured', () => {
    const progress = new Progress(0)
    progress.apply({ type: 'planned', steps: ['a', 'b'], expectedMs: { a: 1000 } }, 0)
    assert.is(progress.left(0), undefined)
    progress.apply({ type: 'step cached', name: 'b' }, 0)
    assert.is(progress.left(0), 1000)
  })

  test('starts counting again after damage was found', () => {
    const progress = new Progress(0)
    progress.apply({ type: 'step cached', name: 'a' }, 0)
    progress.apply({ type: 'healing', reason: 'x' }, 0)
    assert.is(progress.done.size, 0)
  })
})

spec('phases', (test) => {
  test('add up to the whole time', () => {
    let now = 50
    const clock = new PhaseClock(() => now)
    const at = (time: number, event: BuildEvent): void => {
      now = time
      clock.onEvent(event)
    }
    at(100, { type: 'fetching', name: 'a', bytes: 1, size: 9 })
    at(200, { type: 'step started', name: 'b', expectedMs: undefined })
    at(300, { type: 'source ready', name: 'a' })
    at(600, { type: 'step finished', name: 'b', wallMs: 0, cpuMs: 0 })
    at(650, { type: 'assembling' })
    at(700, { type: 'writing', format: 'tar.xz' })
    at(900, { type: 'writing', format: 'squashfs' })
    now = 1000
    assert.equal(clock.finish(), {
      start: 50,
      sources: 200,
      steps: 400,
      assemble: 50,
      write: { 'tar.xz': 200, squashfs: 100 },
      rest: 100,
    })
  })
})

function liveView(terminal: FakeTerminal, clock = { now: 0 }): LiveView {
  return new LiveView(new Progress(0), outputOn(terminal), () => clock.now, new AbortController().signal)
}

function plainView(terminal: FakeTerminal, clock: { now: number }): PlainView {
  return new PlainView(new Progress(0), outputOn(terminal), () => clock.now)
}

function outputOn(terminal: FakeTerminal): Output {
  return new Output(terminal as unknown as NodeJS.WriteStream, false)
}

/** Longer than the view waits between two frames. */
function frame(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 130))
}

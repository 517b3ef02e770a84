import type { Output } from '../output.ts'

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const CLEAR_LINE_END = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

/** Frames per second are at most ten. */
const FRAME_MS = 100

/**
 * The last lines of a terminal, drawn again and again, with lasting lines above them. Each frame is one write, and
 * the cursor comes back however the program ends.
 */
export class LiveRegion {
  readonly #output: Output
  readonly #render: (columns: number, rows: number) => readonly string[]
  readonly #timer: NodeJS.Timeout
  readonly #endings: (() => void)[] = []
  #lasting: string[] = []
  #shown: readonly string[] = []
  #columns = 0
  #isClosed = false

  /** @param render the lines now, none wider than `columns` and no more than `rows` of them */
  constructor(output: Output, render: (columns: number, rows: number) => readonly string[]) {
    this.#output = output
    this.#render = render
    const restore = (): void => this.#output.write(SHOW_CURSOR)
    const onStop = (): void => {
      this.#erase()
      restore()
      process.kill(process.pid, 'SIGSTOP')
    }
    const onContinue = (): void => this.#output.write(HIDE_CURSOR)
    process.once('exit', restore)
    process.on('SIGTSTP', onStop)
    process.on('SIGCONT', onContinue)
    this.#endings.push(
      () => process.off('exit', restore),
      () => process.off('SIGTSTP', onStop),
      () => process.off('SIGCONT', onContinue),
      output.onResize(() => this.#draw()),
    )
    output.write(HIDE_CURSOR)
    this.#timer = setInterval(() => this.#draw(), FRAME_MS).unref()
  }

  /** Adds lines that stay. They appear with the next frame. */
  print(...lines: string[]): void {
    this.#lasting.push(...lines)
  }

  /** Takes the drawn lines away, leaves the lasting ones, and gives the cursor back. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const end of this.#endings) end()
    this.#write([])
    this.#output.write(SHOW_CURSOR)
  }

  #draw(): void {
    if (!this.#isClosed) this.#write(this.#render(this.#output.columns, this.#output.rows - 1))
  }

  #write(lines: readonly string[]): void {
    const isSame = this.#lasting.length === 0 && lines.join('\n') === this.#shown.join('\n')
    if (isSame) return
    const all = [...this.#lasting, ...lines].map((line) => `${line}${CLEAR_LINE_END}\n`)
    // Lines that a terminal has wrapped stay marked so until they are cleared, and would be joined by a wider one.
    const clear = this.#columns === this.#output.columns ? '' : CLEAR_BELOW
    this.#columns = this.#output.columns
    this.#output.write(`${this.#toTop()}${clear}${all.join('')}${CLEAR_BELOW}`)
    this.#lasting = []
    this.#shown = lines
  }

  #erase(): void {
    this.#output.write(`${this.#toTop()}${CLEAR_BELOW}`)
    this.#shown = []
  }

  /** Moves to where the region starts. After the terminal became narrower, its lines take more rows than before. */
  #toTop(): string {
    const rows = this.#shown.reduce((sum, line) => sum + rowsOf(line, this.#output.columns), 0)
    return rows === 0 ? '\r' : `\r\x1b[${rows}A`
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
const COLOURS = /\x1b\[[0-9;]*m/g

function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(line.replace(COLOURS, '').trimEnd().length / columns))
}

import { isErrno } from '../util/errors.ts'
import { type Style, styleFor } from './style.ts'

/** Width taken where the terminal does not tell, and for everything that is not a terminal. */
const USUAL_COLUMNS = 100

/** One output stream. Once its reader is gone, what is written is dropped and the command goes on to its end. */
export class Output {
  readonly isTerminal: boolean
  readonly style: Style
  readonly #stream: NodeJS.WriteStream
  #isClosed = false

  constructor(stream: NodeJS.WriteStream, withColor: boolean) {
    this.#stream = stream
    this.isTerminal = stream.isTTY === true
    this.style = styleFor(stream, withColor)
    stream.on('error', (error) => {
      if (!isErrno(error, 'EPIPE', 'EIO', 'ERR_STREAM_DESTROYED')) throw error
      this.#isClosed = true
    })
  }

  /** Columns of the terminal now. */
  get columns(): number {
    return this.isTerminal && this.#stream.columns > 0 ? this.#stream.columns : USUAL_COLUMNS
  }

  /** Rows of the terminal now. */
  get rows(): number {
    return this.isTerminal && this.#stream.rows > 0 ? this.#stream.rows : 24
  }

  write(text: string): void {
    if (!this.#isClosed && text !== '') this.#stream.write(text)
  }

  /** Writes lines, each with its line end. */
  lines(lines: readonly string[]): void {
    this.write(lines.map((line) => `${line}\n`).join(''))
  }

  /** Writes bytes or text and waits until there is room for more; false once nobody reads any more. */
  async pass(piece: Uint8Array | string): Promise<boolean> {
    if (this.#isClosed || this.#stream.write(piece)) return !this.#isClosed
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done).off('close', done).off('error', done)
        resolve()
      }
      this.#stream.on('drain', done).on('close', done).on('error', done)
    })
    return !this.#isClosed
  }

  /** Calls back whenever the terminal has another size; returns what ends that. */
  onResize(listener: () => void): () => void {
    this.#stream.on('resize', listener)
    return () => void this.#stream.off('resize', listener)
  }

  /** Resolves when everything written has left this process. */
  async flush(): Promise<void> {
    if (this.#isClosed || this.#stream.destroyed) return
    await new Promise<void>((resolve) => {
      this.#stream.once('error', () => resolve())
      this.#stream.write('', () => resolve())
    })
  }
}

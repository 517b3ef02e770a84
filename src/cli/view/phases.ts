import type { BuildEvent } from '../../engine/events.ts'

/** Where the wall time of a build went, in milliseconds. Phases overlap: sources arrive while steps run. */
export interface PhaseTimes {
  /** From the start of the process to the start of the command. */
  readonly start: number
  /** While at least one source was fetched or unpacked. */
  readonly sources: number
  /** While at least one step ran. */
  readonly steps: number
  /** Putting the image together. */
  readonly assemble: number
  /** Each image format. */
  readonly write: Readonly<Record<string, number>>
  /** The rest: finding out that nothing has to be done, and comparing with the lock. */
  readonly rest: number
}

/** Measures phases from the events of a build. */
export class PhaseClock {
  readonly #now: () => number
  readonly #startedAt: number
  readonly #sources: Overlap
  readonly #steps: Overlap
  readonly #endings: { readonly name: string; readonly at: number }[] = []

  /** @param now milliseconds since the start of the process */
  constructor(now: () => number) {
    this.#now = now
    this.#startedAt = now()
    this.#sources = new Overlap()
    this.#steps = new Overlap()
  }

  onEvent(event: BuildEvent): void {
    const now = this.#now()
    if (event.type === 'fetching' || event.type === 'unpacking') this.#sources.start(event.name, now)
    else if (event.type === 'source ready') this.#sources.end(event.name, now)
    else if (event.type === 'step started') this.#steps.start(event.name, now)
    else if (event.type === 'step finished' || event.type === 'step failed') this.#steps.end(event.name, now)
    else if (event.type === 'assembling') this.#endings.push({ name: '', at: now })
    else if (event.type === 'writing') this.#endings.push({ name: event.format, at: now })
  }

  /** All phases up to now. */
  finish(): PhaseTimes {
    const end = this.#now()
    const lengths = this.#endings.map(
      ({ name, at }, index) => [name, (this.#endings[index + 1]?.at ?? end) - at] as const,
    )
    const assemble = lengths.find(([name]) => name === '')?.[1] ?? 0
    const written = lengths.filter(([name]) => name !== '').map(([name, ms]) => [name, Math.round(ms)] as const)
    const busy = Overlap.union([this.#sources, this.#steps], end) + lengths.reduce((sum, [, ms]) => sum + ms, 0)
    return {
      start: Math.round(this.#startedAt),
      sources: Math.round(Overlap.union([this.#sources], end)),
      steps: Math.round(Overlap.union([this.#steps], end)),
      assemble: Math.round(assemble),
      write: Object.fromEntries(written),
      rest: Math.max(0, Math.round(end - this.#startedAt - busy)),
    }
  }
}

/** Times during which something of one kind was under way. */
class Overlap {
  readonly #open = new Map<string, number>()
  readonly #spans: (readonly [number, number])[] = []

  start(name: string, now: number): void {
    if (!this.#open.has(name)) this.#open.set(name, now)
  }

  end(name: string, now: number): void {
    const from = this.#open.get(name)
    if (from !== undefined) this.#spans.push([from, now])
    this.#open.delete(name)
  }

  /** Length of the time in which at least one of these was under way. */
  static union(overlaps: readonly Overlap[], now: number): number {
    const spans = overlaps.flatMap((one) => [
      ...one.#spans,
      ...[...one.#open.values()].map((from) => [from, now] as const),
    ])
    let length = 0
    let until = 0
    for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
      length += Math.max(0, to - Math.max(from, until))
      until = Math.max(until, to)
    }
    return length
  }
}

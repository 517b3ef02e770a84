import { compareBytes } from '../util/compare.ts'

/** One piece of work with what must be done before it. */
export interface Task {
  readonly name: string
  readonly needs: readonly string[]
  /** Expected duration, in any unit; orders what is ready. */
  readonly weight: number
}

/** What became of the tasks. */
export interface ScheduleResult {
  readonly done: readonly string[]
  readonly failed: readonly { readonly name: string; readonly error: unknown }[]
  /** Not started, because something before them failed or the run was stopped. */
  readonly skipped: readonly string[]
}

/** How to run a schedule. */
export interface ScheduleOptions {
  /** Tasks under way at once. */
  readonly limit: number
  /** Go on with what does not depend on a failed task. */
  readonly keepGoing: boolean
  readonly signal: AbortSignal
}

/**
 * Runs tasks over their graph, the start of the longest remaining chain first.
 * Knows nothing of what a task does. Resolves when nothing is under way any more; never rejects for a task's error.
 */
export async function schedule(
  tasks: readonly Task[],
  options: ScheduleOptions,
  run: (name: string) => Promise<void>,
): Promise<ScheduleResult> {
  const urgency = chainLengths(tasks)
  const waiting = new Map(tasks.map((task) => [task.name, new Set(task.needs)]))
  const done: string[] = []
  const failed: { name: string; error: unknown }[] = []
  let running = 0
  return new Promise((resolve) => {
    const step = (): void => {
      const stopped = options.signal.aborted || (failed.length > 0 && !options.keepGoing)
      const ready = stopped ? [] : [...waiting].filter(([, needs]) => needs.size === 0).map(([name]) => name)
      ready.sort((a, b) => (urgency.get(b) ?? 0) - (urgency.get(a) ?? 0) || compareBytes(a, b))
      for (const name of ready.slice(0, Math.max(0, options.limit - running))) {
        waiting.delete(name)
        running++
        run(name).then(
          () => finish(name, undefined),
          (error: unknown) => finish(name, { name, error }),
        )
      }
      if (running === 0) resolve({ done, failed, skipped: [...waiting.keys()] })
    }
    const finish = (name: string, failure: { name: string; error: unknown } | undefined): void => {
      running--
      if (failure !== undefined) failed.push(failure)
      else {
        done.push(name)
        for (const needs of waiting.values()) needs.delete(name)
      }
      step()
    }
    step()
  })
}

/** For every task, the weight of the heaviest chain that starts with it. */
function chainLengths(tasks: readonly Task[]): Map<string, number> {
  const users = new Map<string, Task[]>()
  for (const task of tasks) {
    for (const need of task.needs) users.set(need, [...(users.get(need) ?? []), task])
  }
  const lengths = new Map<string, number>()
  const lengthOf = (task: Task): number => {
    const known = lengths.get(task.name)
    if (known !== undefined) return known
    const after = (users.get(task.name) ?? []).map(lengthOf)
    const length = task.weight + Math.max(0, ...after)
    lengths.set(task.name, length)
    return length
  }
  tasks.forEach(lengthOf)
  return lengths
}

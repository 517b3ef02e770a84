import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type BuildRequest, requestKey } from '../model/build-request.ts'
import type { Digest } from '../model/digest.ts'
import type { Plan, PlanNode } from '../plan/plan.ts'
import { type ScheduleResult, schedule } from '../plan/schedule.ts'
import { openSandbox } from '../sandbox/probe.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { ActionResult } from '../store/actions.ts'
import { removeFolder } from '../store/checkouts.ts'
import { temporaryName } from '../store/disk.ts'
import { withLock } from '../store/locks.ts'
import type { Store } from '../store/store.ts'
import { MrrlError } from '../util/errors.ts'
import { type Durations, readDurations, writeDurations } from './durations.ts'
import { recordRequest } from './history.ts'
import { Inputs } from './inputs.ts'
import { type Jobserver, openJobserver } from './jobserver.ts'
import type { Settings } from './settings.ts'
import { SourceTrees } from './sources.ts'
import { runStep } from './step.ts'

/** One package after a build. */
export interface BuiltPackage {
  readonly name: string
  readonly key: Digest
  readonly result: ActionResult
  /** True when the store had it already. */
  readonly cached: boolean
}

/**
 * Builds every package of a plan that the store does not have, and adds each to `built` when it is there. Throws the
 * error of the first package that failed; with `keepGoing`, after everything that does not depend on it.
 * @param checkBootstrap is called for the steps that saw the host, before anything is built with their output
 */
export async function buildPackages(
  plan: Plan,
  store: Store,
  settings: Settings,
  built: Map<string, BuiltPackage>,
  checkBootstrap: (name: string, output: Digest) => void,
): Promise<void> {
  await new BuildRun(plan, store, settings, built, checkBootstrap).finish()
}

class BuildRun {
  readonly #built: Map<string, BuiltPackage>
  readonly #plan: Plan
  readonly #store: Store
  readonly #settings: Settings
  readonly #inputs: Inputs
  readonly #sources: SourceTrees
  readonly #checkBootstrap: (name: string, output: Digest) => void
  #machinery: Promise<{ sandbox: Sandbox; jobserver: Jobserver; folder: string }> | undefined

  constructor(
    plan: Plan,
    store: Store,
    settings: Settings,
    built: Map<string, BuiltPackage>,
    check: (name: string, output: Digest) => void,
  ) {
    this.#built = built
    this.#checkBootstrap = check
    this.#plan = plan
    this.#store = store
    this.#settings = settings
    this.#sources = new SourceTrees(store, settings)
    this.#inputs = new Inputs(plan, store, this.#sources)
  }

  async finish(): Promise<void> {
    const durations = await this.#expectedDurations()
    this.#settings.onEvent({ type: 'planned', steps: [...this.#plan.nodes.keys()], expectedMs: durations })
    const tasks = [...this.#plan.nodes].map(([name, node]) => ({
      name,
      needs: [...node.tools, ...node.cross, ...node.sysroot],
      weight: durations[name] ?? 0,
    }))
    try {
      this.#fetchAhead()
      const { jobs: limit, keepGoing, signal } = this.#settings
      const result = await schedule(tasks, { limit, keepGoing, signal }, (name) => this.#build(name, durations))
      this.#check(result)
    } finally {
      await this.#stopMachinery()
      await writeDurations(this.#store, this.#built)
    }
  }

  /** What each package took last time, else what its recipe guesses. */
  async #expectedDurations(): Promise<Durations> {
    const measured = await readDurations(this.#store)
    const names = [...this.#plan.nodes.keys()]
    return Object.fromEntries(names.map((name) => [name, measured[name] ?? this.#node(name).recipe.weight * 1000]))
  }

  async #build(name: string, durations: Durations): Promise<void> {
    const node = this.#node(name)
    const outputs = new Map([...this.#built].map(([built, { result }]) => [built, result.output]))
    const request = await this.#inputs.request(node, outputs)
    const key = requestKey(request)
    const known = await this.#store.actions.get(key)
    if (known !== undefined) return this.#finished(name, request, known, true)
    const { onEvent, signal, surroundings } = this.#settings
    const waiting = setTimeout(() => onEvent({ type: 'step waiting', name }), 1000)
    await withLock(this.#store.layout, key, async () => {
      clearTimeout(waiting)
      const meanwhile = await this.#store.actions.get(key)
      if (meanwhile !== undefined) return this.#finished(name, request, meanwhile, true)
      const { sandbox, jobserver } = await this.#startMachinery()
      onEvent({ type: 'step started', name, expectedMs: durations[name] })
      try {
        const onLine = (line: string): void => onEvent({ type: 'step output', name, line })
        const around = { store: this.#store, sandbox, jobserver, surroundings, signal, onLine }
        const step = await runStep(name, key, request, around)
        const result = { name, ...step }
        await this.#store.actions.put(key, result)
        await this.#finished(name, request, result, false)
      } catch (error) {
        onEvent({ type: 'step failed', name })
        throw error
      }
    })
  }

  async #finished(name: string, request: BuildRequest, result: ActionResult, cached: boolean): Promise<void> {
    await recordRequest(this.#store, this.#plan.profile.name, name, request)
    if (this.#node(name).recipe.role === 'bootstrap') this.#checkBootstrap(name, result.output)
    this.#built.set(name, { name, key: requestKey(request), result, cached })
    if (cached) this.#settings.onEvent({ type: 'step cached', name })
    else this.#settings.onEvent({ type: 'step finished', name, wallMs: result.wallMs, cpuMs: result.cpuMs })
  }

  /** Starts to fetch and unpack what will be needed, in the order in which it will be. */
  #fetchAhead(): void {
    this.#inputs.seed().catch(() => undefined)
    for (const { recipe } of this.#plan.nodes.values()) {
      if (recipe.sources.length > 0) this.#inputs.source(recipe).catch(() => undefined)
    }
  }

  /** The sandbox and the jobserver, made when the first step needs them. */
  #startMachinery(): Promise<{ sandbox: Sandbox; jobserver: Jobserver; folder: string }> {
    this.#machinery ??= (async () => {
      const folder = temporaryName(this.#store.layout.tmp, 'build')
      await mkdir(join(folder, 'probe'), { recursive: true })
      const sandbox = await openSandbox(this.#settings.sandbox, join(folder, 'probe'))
      const jobserver = await openJobserver(join(folder, 'jobserver'), this.#settings.jobs)
      return { sandbox, jobserver, folder }
    })()
    return this.#machinery
  }

  async #stopMachinery(): Promise<void> {
    const machinery = await this.#machinery?.catch(() => undefined)
    if (machinery === undefined) return
    await machinery.jobserver.close()
    await removeFolder(machinery.folder)
  }

  #check({ failed, skipped }: ScheduleResult): void {
    if (this.#settings.signal.aborted) throw new MrrlError('E_INTERRUPTED', 'the build was interrupted')
    const [first, ...others] = failed
    if (first === undefined) return
    if (others.length > 0 && first.error instanceof MrrlError && this.#settings.keepGoing) {
      const names = failed.map(({ name }) => name)
      throw new MrrlError(first.error.code, `${first.error.message} (failed: ${names.join(', ')})`, {
        fields: { ...first.error.fields, failed: names, notStarted: skipped },
        cause: first.error,
      })
    }
    throw first.error
  }

  #node(name: string): PlanNode {
    const node = this.#plan.nodes.get(name)
    if (node === undefined) throw new MrrlError('E_INTERNAL', `no package ${name} in the plan`)
    return node
  }
}

import type { Manifest } from '../assemble/manifest.ts'

/** One image file after a build. */
export interface ImageReport {
  /** Path as the user would type it, relative to the working folder where possible. */
  readonly path: string
  readonly format: string
  readonly bytes: number
  /** `sha256:…` */
  readonly digest: string
  /** What the lock said: the same, nothing yet, or (with `mrrl lock`) something else. */
  readonly locked: 'same' | 'new' | 'changed'
}

/** One step after a build. */
export interface StepReport {
  readonly name: string
  readonly version: string
  readonly cached: boolean
  /** Of the run that made it, this one or an earlier one. */
  readonly wallMs: number
  readonly cpuMs: number
}

/** What `mrrl build` did. */
export interface BuildReport {
  readonly profile: string
  readonly images: readonly ImageReport[]
  readonly steps: readonly StepReport[]
  /** Of the whole command. */
  readonly wallMs: number
  /** Processor time of the steps that ran and of this program. */
  readonly cpuMs: number
  readonly jobs: number
  readonly packages: Manifest['packages']
}

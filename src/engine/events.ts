/** What a build tells while it runs; the command line shows it, and nothing else depends on it. */
export type BuildEvent =
  | {
      readonly type: 'planned'
      readonly steps: readonly string[]
      readonly expectedMs: Readonly<Record<string, number>>
    }
  | { readonly type: 'fetching'; readonly name: string; readonly bytes: number; readonly size: number }
  | PlaceFailed
  | { readonly type: 'unpacking'; readonly name: string }
  | { readonly type: 'source ready'; readonly name: string }
  | { readonly type: 'step cached'; readonly name: string }
  | { readonly type: 'step started'; readonly name: string; readonly expectedMs: number | undefined }
  | { readonly type: 'step waiting'; readonly name: string }
  | { readonly type: 'step output'; readonly name: string; readonly line: string }
  | { readonly type: 'step finished'; readonly name: string; readonly wallMs: number; readonly cpuMs: number }
  | { readonly type: 'step failed'; readonly name: string }
  | { readonly type: 'healing'; readonly reason: string }
  | { readonly type: 'assembling' }
  | { readonly type: 'writing'; readonly format: string }

/** A place did not give a file; the next one is tried. */
export interface PlaceFailed {
  readonly type: 'place failed'
  /** Of the package in a build, else of the file. */
  readonly name: string
  /** Path or URL, without credentials. */
  readonly from: string
  /** `E_INTEGRITY` or `E_FETCH_SIZE` for a place that holds another file. */
  readonly code: string
  readonly reason: string
}

/** What fetching and mirroring tell while they run. */
export type FetchEvent =
  /** All files together, `bytes` at most. */
  | { readonly type: 'wanted'; readonly files: number; readonly bytes: number }
  | { readonly type: 'fetching'; readonly name: string; readonly bytes: number; readonly size: number }
  | { readonly type: 'file ready'; readonly name: string }
  | PlaceFailed
  | { readonly type: 'checked'; readonly done: number; readonly files: number }
  | { readonly type: 'packing'; readonly bytes: number; readonly size: number }

/** True for places that hold another file, which people should hear of; that one lacks a file is nothing unusual. */
export function isRefusal(code: string): boolean {
  return code === 'E_INTEGRITY' || code === 'E_FETCH_SIZE'
}

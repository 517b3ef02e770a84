/** What a build tells while it runs; the command line shows it, and nothing else depends on it. */
export type BuildEvent =
  | {
      readonly type: 'planned'
      readonly steps: readonly string[]
      readonly expectedMs: Readonly<Record<string, number>>
    }
  | { readonly type: 'fetching'; readonly name: string; readonly bytes: number; readonly size: number }
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

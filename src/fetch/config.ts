import type { Bundle } from './bundle.ts'
import type { HttpClient } from './http.ts'

/** The npm registries of a user, as npm itself would use them. */
export interface NpmConfig {
  /** Base URL of the registry for a scope such as `@napi-rs`, or for packages without one. */
  registry(scope: string | undefined): Promise<string>
  /** Value of the `Authorization` header for a URL; undefined when none is configured for it. */
  authorization(url: URL): string | undefined
}

/** All that fetching takes from the machine and the user; built by the command line, never read in here. */
export interface FetchConfig {
  /** Folders (absolute paths), http(s) URLs and bundles, tried before all locations. */
  readonly mirrors: readonly (string | Bundle)[]
  /** Base URLs of Debian archives, each with a `pool/` below; asked for when first needed. */
  readonly debianMirrors: () => Promise<readonly string[]>
  readonly npm: NpmConfig
  /** Uses folders and files only. */
  readonly offline: boolean
  /** Folder that relative `file:` locations start from. */
  readonly root: string
  readonly http: HttpClient
}

import type { Source } from '../model/recipe.ts'
import type { FoundVersion } from '../model/update.ts'

/** What an index must know of the package that it is asked about. */
export interface Subject {
  readonly name: string
  /** The version at hand. */
  readonly version: string
  readonly sources: readonly Source[]
  /** See `UpdateRules.pattern`. */
  readonly pattern: string
}

/** A list of versions that has been read and checked. */
export interface Index {
  /** As in the recipe. */
  readonly name: string
  readonly versions: readonly string[]
  /** True where what was there once stays: if all its versions are older, it has gone back. */
  readonly isLasting: boolean
  /** What the index tells of one of its versions. Throws `E_INDEX*` when that cannot be right. */
  readonly describe: (version: string) => Promise<FoundVersion>
}

/** An index that only lists names. */
export function namesOnly(name: string, versions: Iterable<string>, isLasting: boolean): Index {
  const describe = async (version: string): Promise<FoundVersion> => ({
    version,
    index: name,
    files: [],
    license: '',
    vouchers: [],
  })
  return { name, versions: [...new Set(versions)], isLasting, describe }
}

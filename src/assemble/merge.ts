import { comparePaths, isSameEntry, type TreeEntry } from '../model/tree.ts'
import { MrrlError } from '../util/errors.ts'

/** The entries that one package brings. */
export interface Layer {
  readonly name: string
  readonly entries: readonly TreeEntry[]
}

/** A merged entry and the package that it comes from. */
export type OwnedEntry = TreeEntry & { readonly owner: string }

/**
 * Puts packages over each other. Equal entries and shared folders are no conflict; anything else that two packages
 * have at one path is `E_CONFLICT`, unless `overrides` names the package that wins there.
 */
export function mergeLayers(layers: readonly Layer[], overrides: Readonly<Record<string, string>> = {}): OwnedEntry[] {
  const merged = new Map<string, OwnedEntry>()
  for (const { name, entries } of layers) {
    for (const entry of entries) {
      const before = merged.get(entry.path)
      const next = { ...entry, owner: name }
      if (before === undefined) merged.set(entry.path, next)
      else if (!isSameEntry(before, entry)) merged.set(entry.path, winner(before, next, overrides))
    }
  }
  const sorted = [...merged.values()].sort((a, b) => comparePaths(a.path, b.path))
  for (const entry of sorted) checkParents(entry, merged)
  return sorted
}

function winner(a: OwnedEntry, b: OwnedEntry, overrides: Readonly<Record<string, string>>): OwnedEntry {
  const chosen = overrides[a.path]
  if (chosen === a.owner) return a
  if (chosen === b.owner) return b
  throw conflict(a.path, a.owner, b.owner)
}

/** A file of one package where another has a folder. */
function checkParents(entry: OwnedEntry, merged: ReadonlyMap<string, OwnedEntry>): void {
  const slash = entry.path.lastIndexOf('/')
  if (slash < 0) return
  const parent = merged.get(entry.path.slice(0, slash))
  if (parent !== undefined && parent.kind !== 'directory') throw conflict(parent.path, parent.owner, entry.owner)
}

function conflict(path: string, a: string, b: string): MrrlError {
  return new MrrlError('E_CONFLICT', `packages ${a} and ${b} both bring /${path}, and not the same`, {
    fields: { path, packages: [a, b] },
  })
}

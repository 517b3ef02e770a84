import type { Detail } from './place.ts'
import type { Headers } from './side.ts'

/** The fields that differ between two headers of one format, in their order. */
export function fieldDetails(format: string, a: Headers['fields'], b: Headers['fields']): Detail[] {
  const [before, after] = [new Map(a), new Map(b)]
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].flatMap((field): Detail[] => {
    const [old, now] = [before.get(field), after.get(field)]
    if (old === now) return []
    return [{ where: { kind: 'header', format, field }, before: old ?? null, after: now ?? null, follows: false }]
  })
}

import { type ArMember, readArMembers } from './ar-members.ts'
import { fieldDetails } from './fields.ts'
import { firstMoved, isReordered, listChanges, sortingOf } from './lists.ts'
import { type Detail, type Found, MOST_PER_FILE, type Place } from './place.ts'
import { memorySource } from './source.ts'

/** What differs between two `ar` archives: members and their headers, their order, the symbol index. */
export async function arDifferences(a: Uint8Array, b: Uint8Array, place: Place): Promise<Found[]> {
  const [before, after] = [readArMembers(asBuffer(a)), readArMembers(asBuffer(b))]
  const found: Found[] = []
  const own = (details: readonly Detail[]): void => {
    for (const detail of details) found.push({ path: place.path, ...detail })
  }
  const [old, now] = [byName(before.members), byName(after.members)]
  own(orderDetails(namesIn(before.members, now), namesIn(after.members, old)))
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    if (found.length > MOST_PER_FILE) break
    const [one, other] = [old.get(name), now.get(name)]
    const add = (detail: Detail): void => void found.push({ path: place.pathOf(name), ...detail })
    if (one === undefined || other === undefined) {
      add({ where: { kind: 'entry' }, before: sizeText(one), after: sizeText(other), follows: false })
      continue
    }
    for (const detail of fieldDetails('ar', one.fields, other.fields)) add(detail)
    await place.run.step(0, one.content.length)
    if (Buffer.compare(one.content, other.content) === 0) continue
    found.push(...(await place.inside(memorySource(one.content), memorySource(other.content), place.member(name))))
  }
  own(indexDetails(before.index, after.index, found.length > 0))
  if (found.length > 0) return found
  const where = { kind: 'header', format: 'ar', field: 'padding or tables' } as const
  return [{ path: place.path, where, before: null, after: null, follows: false }]
}

function byName(members: readonly ArMember[]): Map<string, ArMember> {
  return new Map(members.map((member) => [member.name, member]))
}

function namesIn(members: readonly ArMember[], others: ReadonlyMap<string, ArMember>): string[] {
  return members.map(({ name }) => name).filter((name) => others.has(name))
}

function orderDetails(a: readonly string[], b: readonly string[]): Detail[] {
  if (a.every((name, at) => name === b[at])) return []
  const [before, after] = firstMoved(a, b)
  const where = { kind: 'order', of: 'members', before: sortingOf(a), after: sortingOf(b) } as const
  return [{ where, before, after, follows: false }]
}

function indexDetails(a: readonly string[], b: readonly string[], follows: boolean): Detail[] {
  if (a.every((item, at) => item === b[at]) && a.length === b.length) return []
  if (isReordered(a, b)) {
    const [before, after] = firstMoved(a, b)
    const where = { kind: 'order', of: 'symbols of the index', before: sortingOf(a), after: sortingOf(b) } as const
    return [{ where, before, after, follows }]
  }
  return listChanges(a, b).map((change) => ({
    where: { kind: 'header', format: 'ar', field: 'symbol index' },
    before: a.slice(change.before, change.beforeEnd).join(', ').slice(0, LONGEST) || null,
    after: b.slice(change.after, change.afterEnd).join(', ').slice(0, LONGEST) || null,
    follows,
  }))
}

const LONGEST = 2 ** 12

function sizeText(member: ArMember | undefined): string | null {
  return member === undefined ? null : `member of ${member.content.length} bytes`
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Edits beyond which two lists have nothing to do with each other: time grows with their square. */
const MOST_EDITS = 2 ** 12
/** A diagonal that no path has reached. */
const UNREACHED = -2

/** Items of one list that the other has not at that place: 1 for each. */
export interface Marks {
  readonly removed: Uint8Array
  readonly added: Uint8Array
}

/** Items from `lowA` to before `highA` against those from `lowB` to before `highB`. */
interface Box {
  readonly lowA: number
  readonly highA: number
  readonly lowB: number
  readonly highB: number
}

/** Where the two halves of a box end and begin; between them equal items only. */
interface Middle {
  readonly endA: number
  readonly endB: number
  readonly startA: number
  readonly startB: number
}

/**
 * A shortest edit from one list of numbers to another: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations"
 * (1986), in linear space. Parts that have nothing in common within {@link MOST_EDITS} edits are changed as a whole.
 */
export function shortestEdit(a: Int32Array, b: Int32Array): Marks {
  const removed = new Uint8Array(a.length)
  const added = new Uint8Array(b.length)
  const boxes: Box[] = [{ lowA: 0, highA: a.length, lowB: 0, highB: b.length }]
  for (let box = boxes.pop(); box !== undefined; box = boxes.pop()) {
    const { lowA, highA, lowB, highB } = trimmed(box, a, b)
    const isOneSided = lowA === highA || lowB === highB
    const middle = isOneSided ? undefined : findMiddle({ lowA, highA, lowB, highB }, a, b)
    if (middle === undefined) {
      removed.fill(1, lowA, highA)
      added.fill(1, lowB, highB)
    } else {
      boxes.push({ lowA, highA: middle.endA, lowB, highB: middle.endB })
      boxes.push({ lowA: middle.startA, highA, lowB: middle.startB, highB })
    }
  }
  return { removed, added }
}

function trimmed(box: Box, a: Int32Array, b: Int32Array): Box {
  let { lowA, highA, lowB, highB } = box
  while (lowA < highA && lowB < highB && a[lowA] === b[lowB]) {
    lowA++
    lowB++
  }
  while (lowA < highA && lowB < highB && a[highA - 1] === b[highB - 1]) {
    highA--
    highB--
  }
  return { lowA, highA, lowB, highB }
}

/** Follows paths from both corners until two of them meet; undefined when that takes too many edits. */
function findMiddle({ lowA, highA, lowB, highB }: Box, a: Int32Array, b: Int32Array): Middle | undefined {
  const [sizeA, sizeB] = [highA - lowA, highB - lowB]
  const delta = sizeA - sizeB
  const isOdd = delta % 2 !== 0
  const most = Math.min(Math.ceil((sizeA + sizeB) / 2), MOST_EDITS / 2)
  // The furthest place in `a` on each diagonal, counted from either corner.
  const zero = most + 1
  const [forward, backward] = [1, 2].map(() => new Int32Array(2 * most + 3).fill(UNREACHED)) as [Int32Array, Int32Array]
  forward[zero + 1] = 0
  backward[zero + 1] = 0
  for (let edits = 0; edits <= most; edits++) {
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const start = nextPlace(forward, zero + diagonal, diagonal, sizeA, sizeB)
      let at = start
      while (at >= 0 && at < sizeA && at - diagonal < sizeB && a[lowA + at] === b[lowB + at - diagonal]) at++
      forward[zero + diagonal] = at
      const other = delta - diagonal
      if (at < 0 || !isOdd || Math.abs(other) >= edits || at + (backward[zero + other] as number) < sizeA) continue
      return { endA: lowA + start, endB: lowB + start - diagonal, startA: lowA + at, startB: lowB + at - diagonal }
    }
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const start = nextPlace(backward, zero + diagonal, diagonal, sizeA, sizeB)
      let at = start
      while (at >= 0 && at < sizeA && at - diagonal < sizeB && a[highA - 1 - at] === b[highB - 1 - at + diagonal]) at++
      backward[zero + diagonal] = at
      const other = delta - diagonal
      if (at < 0 || isOdd || Math.abs(other) > edits || at + (forward[zero + other] as number) < sizeA) continue
      return { endA: highA - at, endB: highB - at + diagonal, startA: highA - start, startB: highB - start + diagonal }
    }
  }
  return undefined
}

/** One edit further on a diagonal, from the neighbour that has come further; {@link UNREACHED} outside of the box. */
function nextPlace(places: Int32Array, index: number, diagonal: number, sizeA: number, sizeB: number): number {
  const removed = (places[index - 1] as number) + 1
  const added = places[index + 1] as number
  const mayRemove = removed > 0 && removed <= sizeA
  const mayAdd = added >= 0 && added - diagonal <= sizeB
  if (mayRemove && mayAdd) return Math.max(removed, added)
  if (mayRemove) return removed
  return mayAdd ? added : UNREACHED
}

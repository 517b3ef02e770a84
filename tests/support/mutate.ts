/** Numbers that look random and are the same for the same seed: mulberry32. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }
}

/** The generator of one case, so that it can be made again without those before it. */
export function randomOf(seed: number, index: number): Random {
  return new Random(Math.imul(seed, 0x9e3779b1) + Math.imul(index, 0x85ebca6b))
}

const INTERESTING = [0, 1, 2, 3, 4, 7, 8, 16, 64, 96, 127, 128, 255, 256, 4095, 4096, 8191, 8192, 8193, 32767, 32768]
const LARGE = [65535, 65536, 2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1]
const DIGITS = '0123456789abcdefABCDEF \0'
const MOST_CHANGES = 8
const MOST_GROWTH = 2 ** 14

/** One of the seeds, changed in one to eight ways. */
export function mutate(seeds: readonly Uint8Array[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(seeds))
  const original = bytes.length
  // Mostly one or two: the more there are, the earlier a reader stops.
  let changes = 1
  while (changes < MOST_CHANGES && random.below(2) === 0) changes++
  for (; changes > 0; changes--) {
    bytes = change(bytes, random, seeds)
    if (bytes.length > original + MOST_GROWTH) bytes = bytes.subarray(0, original + MOST_GROWTH)
  }
  return bytes
}

function change(bytes: Buffer, random: Random, seeds: readonly Uint8Array[]): Buffer {
  if (bytes.length < 16) return Buffer.concat([bytes, Buffer.from(random.pick(seeds)).subarray(0, 64)])
  const at = random.below(bytes.length - 8)
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
      return bytes
    case 3:
      bytes[at] = random.below(256)
      return bytes
    case 4:
      bytes[at] = random.pick(INTERESTING) & 255
      return bytes
    case 5:
      bytes.writeUInt16LE(random.pick(INTERESTING), at)
      return bytes
    case 6:
      bytes.writeUInt32LE(random.pick(random.below(2) === 0 ? INTERESTING : LARGE), at)
      return bytes
    case 7:
      bytes.writeUInt32LE(random.below(bytes.length + 2), at)
      return bytes
    case 8:
      bytes.writeUIntLE(random.pick(LARGE) * random.below(2 ** 15), at, 6)
      return bytes
    case 9:
      bytes.writeUInt16LE((bytes.readUInt16LE(at) + 65536 + random.below(9) - 4) & 0xffff, at)
      return bytes
    case 10:
      bytes.writeUInt32LE((bytes.readUInt32LE(at) + random.below(33) - 16) >>> 0, at)
      return bytes
    case 11:
      bytes[at] = DIGITS.charCodeAt(random.below(DIGITS.length))
      return bytes
    case 12:
      return swap(bytes, at, random)
    case 13:
      return splice(bytes, at, random, Buffer.from(random.pick(seeds)))
    case 14:
      if (random.below(4) === 0) return bytes.subarray(0, random.below(bytes.length))
      return bytes.fill(random.pick([0, 255]), at, Math.min(bytes.length, at + random.below(16)))
    default:
      return Buffer.concat([bytes, Buffer.alloc(random.below(512), random.below(256))])
  }
}

/** Swaps two fields. */
function swap(bytes: Buffer, at: number, random: Random): Buffer {
  const size = random.pick([2, 4, 8])
  const other = random.below(bytes.length - 8)
  const kept = Buffer.from(bytes.subarray(at, at + size))
  bytes.copy(bytes, at, other, other + size)
  kept.copy(bytes, other)
  return bytes
}

/** Puts a part of another seed, or of the same, in place of a part or before it, or takes a part out. */
function splice(bytes: Buffer, at: number, random: Random, other: Buffer): Buffer {
  const length = random.below(random.pick([8, 64, 1024])) + 1
  const from = random.below(other.length)
  const part = other.subarray(from, from + length)
  if (random.below(3) === 0) {
    part.copy(bytes, at)
    return bytes
  }
  const rest = bytes.subarray(random.below(2) === 0 ? at : Math.min(bytes.length, at + length))
  return Buffer.concat([bytes.subarray(0, at), random.below(3) === 0 ? Buffer.alloc(0) : part, rest])
}

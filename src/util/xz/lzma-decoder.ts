import { MrrlError } from '../errors.ts'

// The adaptive probabilities, one behind the other in one array; names follow the LZMA specification of Igor Pavlov.
const STATES = 12
const POSITIONS = 16
const LENGTH_COUNT = 2 + 2 * 8 * POSITIONS + 256
const IS_MATCH = 0
const IS_REP = IS_MATCH + STATES * POSITIONS
const IS_REP_0 = IS_REP + STATES
const IS_REP_1 = IS_REP_0 + STATES
const IS_REP_2 = IS_REP_1 + STATES
const IS_LONG_REP_0 = IS_REP_2 + STATES
const SLOTS = IS_LONG_REP_0 + STATES * POSITIONS
const SPECIAL = SLOTS + 4 * 64
const ALIGN = SPECIAL + 128
const MATCH_LENGTH = ALIGN + 16
const REP_LENGTH = MATCH_LENGTH + LENGTH_COUNT
const LITERALS = REP_LENGTH + LENGTH_COUNT
const PROBABILITIES = LITERALS + (0x300 << 4)
/** Offsets in a length coder: two choices, then trees of 3, 3 and 8 bits. */
const MIDDLE = 2 + 8 * POSITIONS
const HIGH = MIDDLE + 8 * POSITIONS

const EVEN = 1024
const TOP = 2 ** 24
/** States below this one follow a literal. */
const AFTER_MATCH = 7

// What the bits that are being decoded mean.
const MATCH_OR_LITERAL = 0
const LITERAL = 1
const REP_OR_MATCH = 2
const REP_0_OR_OLDER = 3
const LONG_OR_SHORT = 4
const REP_1_OR_OLDER = 5
const REP_2_OR_3 = 6
const LENGTH_CHOICE = 7
const LENGTH_CHOICE_2 = 8
const LENGTH = 9
const SLOT = 10

/** The state of LZMA from chunk to chunk. */
export interface LzmaDecoder {
  readonly input: Uint8Array
  /** Also the dictionary. */
  readonly output: Uint8Array
  readonly probabilities: Uint16Array
  /** Position in the input. */
  at: number
  /** Position in the output. */
  filled: number
  /** Where the dictionary begins in the output; -1 before it has been reset. */
  origin: number
  lc: number
  lpMask: number
  pbMask: number
  state: number
  /** The last four distances. */
  reps: readonly number[]
}

/** A decoder before its first chunk, which has to reset everything. */
export function openLzmaDecoder(input: Uint8Array, size: number): LzmaDecoder {
  return {
    input,
    output: new Uint8Array(size),
    probabilities: new Uint16Array(PROBABILITIES),
    at: 0,
    filled: 0,
    origin: -1,
    lc: 0,
    lpMask: 0,
    pbMask: 0,
    state: 0,
    reps: [0, 0, 0, 0],
  }
}

/** Forgets what was learnt, but not the dictionary. */
export function resetLzma(decoder: LzmaDecoder): void {
  decoder.probabilities.fill(EVEN)
  decoder.state = 0
  decoder.reps = [0, 0, 0, 0]
}

/**
 * Decodes one chunk. All in one function, its state in local variables, because calls cost half of the speed here:
 * each turn of the loop decodes one bit or one tree of bits, and `step` says what they mean.
 */
export function decodeLzma(decoder: LzmaDecoder, inputEnd: number, outputEnd: number): void {
  const { input, output, probabilities, lc, lpMask, pbMask, origin } = decoder
  let { state, filled } = decoder
  let [rep0, rep1, rep2, rep3] = decoder.reps as [number, number, number, number]
  let at = decoder.at + 5
  let range = 0xffffffff
  let code = 0
  for (let i = decoder.at + 1; i < at; i++) code = ((code << 8) | (input[i] as number)) >>> 0
  if (at > inputEnd || input[decoder.at] !== 0) throw damaged(decoder.at)

  let posState = (filled - origin) & pbMask
  let step = MATCH_OR_LITERAL
  let base = IS_MATCH + (state << 4) + posState - 1
  let limit = 2
  let lengthBase = 0
  let length = 0

  while (filled < outputEnd) {
    // A tree of one or more bits.
    let symbol = 1
    do {
      const index = base + symbol
      const probability = probabilities[index] as number
      const bound = Math.imul(range >>> 11, probability) >>> 0
      if (code < bound) {
        range = bound
        probabilities[index] = probability + ((2048 - probability) >> 5)
        symbol <<= 1
      } else {
        range = (range - bound) >>> 0
        code = (code - bound) >>> 0
        probabilities[index] = probability - (probability >> 5)
        symbol = (symbol << 1) | 1
      }
      if (range < TOP) {
        range = (range << 8) >>> 0
        code = ((code << 8) | (input[at++] as number)) >>> 0
      }
    } while (symbol < limit)
    if (at > inputEnd) throw damaged(at)

    switch (step) {
      case MATCH_OR_LITERAL: {
        if (symbol === 3) {
          step = REP_OR_MATCH
          base = IS_REP + state - 1
          continue
        }
        const before = filled > origin ? (output[filled - 1] as number) : 0
        base = LITERALS + 0x300 * ((((filled - origin) & lpMask) << lc) + (before >> (8 - lc)))
        if (state < AFTER_MATCH) {
          step = LITERAL
          limit = 256
          continue
        }
        // Behind a match a literal is coded by its difference from the byte that the match would have gone on with.
        let matched = output[filled - rep0 - 1] as number
        let offset = 256
        symbol = 1
        do {
          matched <<= 1
          const matchedBit = matched & offset
          const index = base + offset + matchedBit + symbol
          const probability = probabilities[index] as number
          const bound = Math.imul(range >>> 11, probability) >>> 0
          if (code < bound) {
            range = bound
            probabilities[index] = probability + ((2048 - probability) >> 5)
            symbol <<= 1
            offset &= ~matchedBit
          } else {
            range = (range - bound) >>> 0
            code = (code - bound) >>> 0
            probabilities[index] = probability - (probability >> 5)
            symbol = (symbol << 1) | 1
            offset &= matchedBit
          }
          if (range < TOP) {
            range = (range << 8) >>> 0
            code = ((code << 8) | (input[at++] as number)) >>> 0
          }
        } while (symbol < 256)
        state = state < 10 ? state - 3 : state - 6
        output[filled++] = symbol
        break
      }
      case LITERAL:
        state = state < 4 ? 0 : state - 3
        output[filled++] = symbol
        break
      case REP_OR_MATCH:
        if (symbol === 2) {
          rep3 = rep2
          rep2 = rep1
          rep1 = rep0
          lengthBase = MATCH_LENGTH
          step = LENGTH_CHOICE
          base = lengthBase - 1
        } else {
          step = REP_0_OR_OLDER
          base = IS_REP_0 + state - 1
        }
        continue
      case REP_0_OR_OLDER:
        if (symbol === 2) {
          step = LONG_OR_SHORT
          base = IS_LONG_REP_0 + (state << 4) + posState - 1
        } else {
          step = REP_1_OR_OLDER
          base = IS_REP_1 + state - 1
        }
        continue
      case LONG_OR_SHORT:
        if (symbol === 3) {
          lengthBase = REP_LENGTH
          step = LENGTH_CHOICE
          base = lengthBase - 1
          continue
        }
        if (rep0 >= filled - origin) throw damaged(at)
        state = state < AFTER_MATCH ? 9 : 11
        output[filled] = output[filled - rep0 - 1] as number
        filled++
        break
      case REP_1_OR_OLDER: {
        if (symbol === 3) {
          step = REP_2_OR_3
          base = IS_REP_2 + state - 1
          continue
        }
        const distance = rep1
        rep1 = rep0
        rep0 = distance
        lengthBase = REP_LENGTH
        step = LENGTH_CHOICE
        base = lengthBase - 1
        continue
      }
      case REP_2_OR_3: {
        const distance = symbol === 2 ? rep2 : rep3
        if (symbol === 3) rep3 = rep2
        rep2 = rep1
        rep1 = rep0
        rep0 = distance
        lengthBase = REP_LENGTH
        step = LENGTH_CHOICE
        base = lengthBase - 1
        continue
      }
      case LENGTH_CHOICE:
        if (symbol === 2) {
          step = LENGTH
          length = 2 - 8
          base = lengthBase + 2 + (posState << 3)
          limit = 8
        } else {
          step = LENGTH_CHOICE_2
          base = lengthBase
        }
        continue
      case LENGTH_CHOICE_2:
        step = LENGTH
        if (symbol === 2) {
          length = 2 + 8 - 8
          base = lengthBase + MIDDLE + (posState << 3)
          limit = 8
        } else {
          length = 2 + 16 - 256
          base = lengthBase + HIGH
          limit = 256
        }
        continue
      case LENGTH:
        length += symbol
        if (lengthBase === MATCH_LENGTH) {
          step = SLOT
          base = SLOTS + (Math.min(length - 2, 3) << 6)
          limit = 64
          continue
        }
        state = state < AFTER_MATCH ? 8 : 11
        break
      default: {
        const slot = symbol - 64
        state = state < AFTER_MATCH ? 7 : 10
        rep0 = slot
        if (slot < 4) break
        let bits = (slot >> 1) - 1
        rep0 = ((2 | (slot & 1)) << bits) >>> 0
        let tree = SPECIAL + rep0 - slot
        if (slot >= 14) {
          for (; bits > 4; bits--) {
            range >>>= 1
            if (code >= range) {
              code = (code - range) >>> 0
              rep0 += 2 ** (bits - 1)
            }
            if (range < TOP) {
              range = (range << 8) >>> 0
              code = ((code << 8) | (input[at++] as number)) >>> 0
            }
          }
          tree = ALIGN
        }
        symbol = 1
        for (let bit = 0; bit < bits; bit++) {
          const index = tree + symbol
          const probability = probabilities[index] as number
          const bound = Math.imul(range >>> 11, probability) >>> 0
          if (code < bound) {
            range = bound
            probabilities[index] = probability + ((2048 - probability) >> 5)
            symbol <<= 1
          } else {
            range = (range - bound) >>> 0
            code = (code - bound) >>> 0
            probabilities[index] = probability - (probability >> 5)
            symbol = (symbol << 1) | 1
            rep0 += 1 << bit
          }
          if (range < TOP) {
            range = (range << 8) >>> 0
            code = ((code << 8) | (input[at++] as number)) >>> 0
          }
        }
      }
    }

    if (step === LENGTH || step === SLOT) {
      if (rep0 >= filled - origin || length > outputEnd - filled) throw damaged(at)
      let from = filled - rep0 - 1
      if (rep0 >= length && length > 32) {
        output.copyWithin(filled, from, from + length)
        filled += length
      } else {
        for (const end = filled + length; filled < end; ) output[filled++] = output[from++] as number
      }
    }
    posState = (filled - origin) & pbMask
    step = MATCH_OR_LITERAL
    base = IS_MATCH + (state << 4) + posState - 1
    limit = 2
  }

  if (at !== inputEnd || code !== 0) throw damaged(at)
  decoder.at = at
  decoder.filled = filled
  decoder.state = state
  decoder.reps = [rep0, rep1, rep2, rep3]
}

/** The error for data that is no LZMA2. */
export function damaged(offset: number): MrrlError {
  return new MrrlError('E_ARCHIVE', 'xz: damaged LZMA2 data', { fields: { offset } })
}

import { MrrlError } from './errors.ts'

const VARINT = 0
const LENGTH_DELIMITED = 2

/** Writes the fields of one protocol buffers message in the order of the calls. */
export class FieldWriter {
  readonly #parts: Uint8Array[] = []

  /** `value` is a whole number from 0 to 2^53 - 1. */
  varint(field: number, value: number): this {
    this.#parts.push(varintBytes(field * 8 + VARINT), varintBytes(value))
    return this
  }

  string(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'))
  }

  bytes(field: number, value: Uint8Array): this {
    this.#parts.push(varintBytes(field * 8 + LENGTH_DELIMITED), varintBytes(value.length), value)
    return this
  }

  message(field: number, value: FieldWriter): this {
    return this.bytes(field, value.finish())
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts)
  }
}

/** One field as read: a number for a varint, else the bytes. */
export interface Field {
  readonly field: number
  readonly value: number | Uint8Array
}

/** Reads the fields of one message; throws `E_STORE_CORRUPT` on truncated bytes or an unknown wire type. */
export function* decodeFields(bytes: Uint8Array): Generator<Field> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined || scale > 2 ** 49) throw malformed()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    if (tag % 8 === VARINT) yield { field, value: varint() }
    else if (tag % 8 === LENGTH_DELIMITED) {
      const length = varint()
      if (at + length > bytes.length) throw malformed()
      yield { field, value: bytes.subarray(at, at + length) }
      at += length
    } else throw malformed()
  }
}

function varintBytes(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  while (rest >= 128) {
    out.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  out.push(rest)
  return Uint8Array.from(out)
}

function malformed(): MrrlError {
  return new MrrlError('E_STORE_CORRUPT', 'a message in the store is malformed')
}

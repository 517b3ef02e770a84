import { archiveError } from '../../archive/archive-error.ts'

/** Bytes of an ELF file, read in its class and byte order. All reads throw `E_ARCHIVE` outside of the file. */
export class ElfView {
  readonly bytes: Buffer
  readonly bits: 32 | 64
  readonly isLittleEndian: boolean

  constructor(bytes: Buffer, bits: 32 | 64, isLittleEndian: boolean) {
    this.bytes = bytes
    this.bits = bits
    this.isLittleEndian = isLittleEndian
  }

  /** The same of a part of the file. */
  part(bytes: Buffer): ElfView {
    return new ElfView(bytes, this.bits, this.isLittleEndian)
  }

  u8(at: number): number {
    this.#check(at, 1)
    return this.bytes.readUInt8(at)
  }

  u16(at: number): number {
    this.#check(at, 2)
    return this.isLittleEndian ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at)
  }

  u32(at: number): number {
    this.#check(at, 4)
    return this.isLittleEndian ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at)
  }

  /** An address, an offset or a size: 4 or 8 bytes, as the class says. */
  word(at: number): bigint {
    return this.bits === 32 ? BigInt(this.u32(at)) : this.u64(at)
  }

  u64(at: number): bigint {
    this.#check(at, 8)
    return this.isLittleEndian ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at)
  }

  /** An offset or a size that lies in the file. */
  extent(at: number): number {
    const value = this.word(at)
    if (value > BigInt(this.bytes.length)) throw damagedElf(`${value} bytes where the file has ${this.bytes.length}`)
    return Number(value)
  }

  slice(start: number, length: number): Buffer {
    this.#check(start, length)
    return this.bytes.subarray(start, start + length)
  }

  #check(at: number, length: number): void {
    if (at < 0 || length < 0 || at + length > this.bytes.length)
      throw damagedElf(`${length} bytes at ${at} are not there`)
  }
}

export function damagedElf(what: string): Error {
  return archiveError('E_ARCHIVE', `is a damaged ELF file: ${what}`)
}

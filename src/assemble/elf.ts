import type { Arch } from '../model/profile.ts'

/** `e_machine` values of the System V ABI, gABI chapter 4 and its supplements. */
const MACHINES: Readonly<Record<number, string>> = { 3: 'i386', 40: 'arm', 62: 'x86_64', 183: 'aarch64', 243: 'riscv' }

/** What an ELF file says it runs on. */
export interface ElfIdentity {
  /** A machine's name, or `machine <number>`. */
  readonly machine: string
  readonly bits: 32 | 64
}

/** Reads the identity from the first 20 bytes of a file; undefined when it is no ELF file. */
export function readElfIdentity(bytes: Uint8Array): ElfIdentity | undefined {
  if (bytes.length < 20 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46)
    return undefined
  const isLittleEndian = bytes[5] === 1
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const number = view.getUint16(18, isLittleEndian)
  return { machine: MACHINES[number] ?? `machine ${number}`, bits: bytes[4] === 2 ? 64 : 32 }
}

/** True when an ELF file is for the image's machine. */
export function runsOn(identity: ElfIdentity, arch: Arch): boolean {
  return identity.machine === arch && identity.bits === 64
}

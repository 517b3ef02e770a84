/** One entry of a tar archive made by hand; what is left out is as in an honest file. Any field may be wrong on purpose. */
export interface TarSpec {
  readonly name?: string | Uint8Array
  readonly type?: string
  readonly content?: string | Uint8Array
  readonly link?: string | Uint8Array
  readonly prefix?: string
  /** Bytes 257 to 264. */
  readonly magic?: string
  readonly mode?: string
  /** The size field as text; default is the size of the content. */
  readonly size?: string | Uint8Array
  /** Replaces bytes of the finished header before its checksum is taken. */
  readonly patch?: readonly [offset: number, bytes: string | Uint8Array]
  /** Added to the right checksum. */
  readonly checksumError?: number
}

const BLOCK = 512

/** One entry: header, content, padding. */
export function tarEntry(spec: TarSpec): Buffer {
  const content = Buffer.from(spec.content ?? '')
  const header = Buffer.alloc(BLOCK)
  const put = (offset: number, value: string | Uint8Array): void => void Buffer.from(value).copy(header, offset)
  put(0, spec.name ?? 'file')
  put(100, spec.mode ?? '0000644\0')
  put(108, '0000000\0')
  put(116, '0000000\0')
  put(124, spec.size ?? `${content.length.toString(8).padStart(11, '0')}\0`)
  put(136, '00000000000\0')
  put(156, spec.type ?? '0')
  put(157, spec.link ?? '')
  put(257, spec.magic ?? 'ustar\x0000')
  put(345, spec.prefix ?? '')
  if (spec.patch !== undefined) put(...spec.patch)
  put(148, ' '.repeat(8))
  const sum = header.reduce((total, byte) => total + byte, 0) + (spec.checksumError ?? 0)
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `)
  return Buffer.concat([header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)])
}

/** A whole archive: the entries and the end marker. */
export function tarBytes(...specs: readonly TarSpec[]): Buffer {
  return Buffer.concat([...specs.map(tarEntry), tarEnd()])
}

/** Two blocks of zeros. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK)
}

/** A pax extended header; records are written right unless given as text. */
export function paxHeader(records: Readonly<Record<string, string | Uint8Array>> | string, type = 'x'): TarSpec {
  const content = typeof records === 'string' ? records : Buffer.concat(Object.entries(records).map(paxRecord))
  return { name: 'PaxHeaders/file', type, content }
}

/** A GNU long name (`L`) or long link (`K`). */
export function gnuLong(type: 'L' | 'K', text: string): TarSpec {
  return { name: '././@LongLink', type, content: `${text}\0`, magic: 'ustar  \0' }
}

function paxRecord([key, value]: [string, string | Uint8Array]): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
  let length = body.length + 1
  while (String(length).length + body.length !== length) length++
  return Buffer.concat([Buffer.from(String(length)), body])
}

/** One member of an `ar` archive. */
export function arMember(name: string, content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content)
  const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}`
  const end = `${String(bytes.length).padEnd(10)}\`\n`
  return Buffer.concat([Buffer.from(header + end), bytes, Buffer.from(bytes.length % 2 === 1 ? '\n' : '')])
}

/** An `ar` archive. */
export function arBytes(...members: readonly (readonly [name: string, content: string | Uint8Array])[]): Buffer {
  return Buffer.concat([Buffer.from('!<arch>\n'), ...members.map(([name, content]) => arMember(name, content))])
}

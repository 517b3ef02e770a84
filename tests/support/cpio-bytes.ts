/** One entry of a cpio archive made by hand; what is left out is as in an honest file. Any field may be wrong on purpose. */
export interface CpioSpec {
  readonly name?: string | Uint8Array
  readonly magic?: string
  /** With the kind of file, as in stat(2). */
  readonly mode?: number
  readonly content?: string | Uint8Array
  readonly ino?: number
  readonly links?: number
  readonly major?: number
  readonly minor?: number
  readonly mtime?: number
  readonly checksum?: number
  /** The size field; default is the size of the content. */
  readonly size?: number
  /** The name's size; default is that of the name and its NUL. */
  readonly nameSize?: number
  /** Replaces bytes of the finished entry. */
  readonly patch?: readonly [offset: number, bytes: string | Uint8Array]
}

export const FILE_MODE = 0o100644
export const FOLDER_MODE = 0o040755
export const LINK_MODE = 0o120777

/** One entry: header, name, padding, content, padding. */
export function cpioEntry(spec: CpioSpec): Buffer {
  const name = Buffer.concat([Buffer.from(spec.name ?? 'file'), Buffer.alloc(1)])
  const content = Buffer.from(spec.content ?? '')
  const fields = [
    spec.ino ?? 0,
    spec.mode ?? FILE_MODE,
    0,
    0,
    spec.links ?? 1,
    spec.mtime ?? 0,
    spec.size ?? content.length,
    0,
    0,
    spec.major ?? 0,
    spec.minor ?? 0,
    spec.nameSize ?? name.length,
    spec.checksum ?? 0,
  ]
  const header = (spec.magic ?? '070701') + fields.map((field) => field.toString(16).padStart(8, '0')).join('')
  const head = padded(Buffer.concat([Buffer.from(header), name]))
  const entry = Buffer.concat([head, padded(content)])
  if (spec.patch !== undefined) Buffer.from(spec.patch[1]).copy(entry, spec.patch[0])
  return entry
}

/** The entry that ends an archive. */
export function cpioTrailer(spec: CpioSpec = {}): Buffer {
  return cpioEntry({ name: 'TRAILER!!!', mode: 0, ...spec })
}

/** A whole archive. */
export function cpioArchive(...specs: readonly CpioSpec[]): Buffer {
  const bytes = Buffer.concat([...specs.map(cpioEntry), cpioTrailer()])
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}

/** Bytes that look random and are the same every time: xorshift from `seed`. */
export function noise(length: number, seed = 1): Uint8Array {
  const out = new Uint8Array(length)
  let state = seed | 1
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    out[i] = state
  }
  return out
}

/** Bytes that look like machine code: noise with many E8 and E9, `bl` and `adrp`, and near addresses. */
export function codeLike(length: number, seed = 1): Uint8Array {
  const out = noise(length, seed)
  for (let i = 0; i + 8 <= length; i += 8) {
    const kind = (out[i] as number) & 7
    if (kind < 3) out.set([0xe8 | (kind & 1), out[i + 1] as number, out[i + 2] as number, 0, kind === 2 ? 0xff : 0], i)
    else if (kind === 3) out[i + 3] = 0x94
    else if (kind === 4) out.set([out[i] as number, 0, 0, 0x90], i)
  }
  return out
}

/** ARM64 code that calls the same few functions again and again, which packs well with the branch filter only. */
export function armCalls(length: number): Uint8Array {
  const out = Buffer.from(noise(length))
  for (let at = 0; at + 4 <= length; at += 4) {
    const choice = out[at] as number
    const target = (choice % 5) * 4096
    const call = 0x94000000 | (((target - at) >> 2) & 0x03ffffff)
    out.writeUInt32LE((choice < 128 ? call : 0xaa0003e0 + (choice & 15)) >>> 0, at)
  }
  return out
}

/** `bytes` in pieces of `size`. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** All of a stream. */
export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const piece of pieces) parts.push(Buffer.from(piece))
  return Buffer.concat(parts)
}

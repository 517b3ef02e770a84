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

/**
 * Cuts a stream into parts of `size` bytes, the last one shorter, none of them empty. They belong to the caller and do
 * not change.
 */
export async function* cut(input: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let part = Buffer.allocUnsafe(size)
  let used = 0
  for await (const piece of input) {
    for (let at = 0; at < piece.length; ) {
      const taken = piece.subarray(at, at + size - used)
      part.set(taken, used)
      used += taken.length
      at += taken.length
      if (used < size) continue
      yield part
      part = Buffer.allocUnsafe(size)
      used = 0
    }
  }
  if (used > 0) yield part.subarray(0, used)
}

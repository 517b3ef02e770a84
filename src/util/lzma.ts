import lzma from '@napi-rs/lzma'

/** Settings of {@link lzma2Compress}. */
export interface Lzma2Settings {
  /** 0 (fast) to 9 (small). From 6 on only the dictionary grows, and {@link Lzma2Settings.dictionarySize} sets that. */
  readonly preset: number
  /** Bytes a match may reach back, at least 4096. */
  readonly dictionarySize: number
}

/** Raw LZMA2 of whole `bytes`, ending with the end marker. The bytes do not depend on how the input is cut. */
export async function lzma2Compress(bytes: Uint8Array, settings: Lzma2Settings): Promise<Uint8Array> {
  const encoder = new lzma.Lzma2Compressor({ preset: settings.preset, dictSize: settings.dictionarySize })
  const head = encoder.update(bytes)
  const tail = await encoder.finish()
  return head.length === 0 ? tail : Buffer.concat([head, tail])
}

/** A raw LZMA2 decoder with a thread of its own. */
export interface Lzma2Decoder {
  /** Hands over compressed bytes without waiting; returns what has been decoded so far, often nothing. */
  push(bytes: Uint8Array): Uint8Array
  /** Ends the input and resolves to the rest; rejects with a plain `Error` when the stream is damaged. */
  finish(): Promise<Uint8Array>
}

/** Starts a decoder. `dictionarySize` (bytes) must be at least what the encoder used. */
export function openLzma2Decoder(dictionarySize: number): Lzma2Decoder {
  const decoder = new lzma.Lzma2Decompressor({ dictSize: dictionarySize })
  return { push: (bytes) => decoder.update(bytes), finish: () => decoder.finish() }
}

import { createRequire } from 'node:module'
import type lzma from '@napi-rs/lzma'

const require = createRequire(import.meta.url)

/** The library, whose machine code is loaded only now: most images are read without it. */
function library(): typeof lzma {
  return require('@napi-rs/lzma')
}

/** Settings of {@link lzma2Compress}. */
export interface Lzma2Settings {
  /** 0 (fast) to 9 (small). From 6 on only the dictionary grows, and {@link Lzma2Settings.dictionarySize} sets that. */
  readonly preset: number
  /** Bytes a match may reach back, at least 4096. */
  readonly dictionarySize: number
}

/**
 * Raw LZMA2 of `input`, ending with the end marker. Runs on the library's own threads, so that several run at once.
 * The output does not depend on how the input is cut into pieces.
 */
export function lzma2Compress(input: AsyncIterable<Uint8Array>, settings: Lzma2Settings): AsyncIterable<Uint8Array> {
  // The stream form: `Lzma2Compressor.update` compresses on the calling thread (measured with 1.5.1).
  return library().lzma2.compressStream(ReadableStream.from(input), {
    preset: settings.preset,
    dictSize: settings.dictionarySize,
  })
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
  const decoder = new (library().Lzma2Decompressor)({ dictSize: dictionarySize })
  return { push: (bytes) => decoder.update(bytes), finish: () => decoder.finish() }
}

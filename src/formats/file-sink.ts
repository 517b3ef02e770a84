import { type FileHandle, open } from 'node:fs/promises'
import type { ImageSink } from '../model/image.ts'

/** An image file that is being written. */
export interface FileSink extends ImageSink {
  /** Makes the bytes durable and closes the file. */
  finish(): Promise<void>
  /** Closes the file when something went wrong; does nothing after {@link FileSink.finish}. */
  abandon(): Promise<void>
}

/** Bytes collected before they are written: formats come in pieces of a few hundred bytes. */
const BUFFER = 2 ** 20

/**
 * Creates the file `path` for an image; a file that is there already is refused (`EEXIST`).
 * Give it a temporary name and rename it after `finish`, so that nobody ever sees half an image.
 */
export async function openFileSink(path: string): Promise<FileSink> {
  const handle = await open(path, 'wx', 0o644)
  const buffer = Buffer.allocUnsafeSlow(BUFFER)
  /** Bytes in the file, and those waiting in the buffer. */
  let written = 0
  let waiting = 0
  const flush = async (): Promise<void> => {
    await writeAll(handle, buffer.subarray(0, waiting), written)
    written += waiting
    waiting = 0
  }
  return {
    get size() {
      return written + waiting
    },
    async write(bytes) {
      if (waiting + bytes.length > BUFFER) await flush()
      if (bytes.length >= BUFFER) {
        await writeAll(handle, bytes, written)
        written += bytes.length
      } else {
        buffer.set(bytes, waiting)
        waiting += bytes.length
      }
    },
    async patch(offset, bytes) {
      await flush()
      await writeAll(handle, bytes, offset)
    },
    async finish() {
      await flush()
      await handle.datasync()
      await handle.close()
    },
    async abandon() {
      await handle.close().catch(() => undefined)
    },
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}

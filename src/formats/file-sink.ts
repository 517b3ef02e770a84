import { type FileHandle, open } from 'node:fs/promises'
import type { ImageSink } from '../model/image.ts'

/** An image file that is being written. */
export interface FileSink extends ImageSink {
  /** Makes the bytes durable and closes the file. */
  finish(): Promise<void>
  /** Closes the file when something went wrong; does nothing after {@link FileSink.finish}. */
  abandon(): Promise<void>
}

/**
 * Creates the file `path` for an image; a file that is there already is refused (`EEXIST`).
 * Give it a temporary name and rename it after `finish`, so that nobody ever sees half an image.
 */
export async function openFileSink(path: string): Promise<FileSink> {
  const handle = await open(path, 'wx', 0o644)
  let size = 0
  return {
    get size() {
      return size
    },
    async write(bytes) {
      await writeAll(handle, bytes, size)
      size += bytes.length
    },
    async patch(offset, bytes) {
      await writeAll(handle, bytes, offset)
    },
    async finish() {
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

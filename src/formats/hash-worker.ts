import { parentPort } from 'node:worker_threads'
import { type FileHash, hashFile } from './file-hash.ts'

/** What a worker answers to a path. */
export type HashAnswer =
  | { readonly hash: FileHash }
  | { readonly failure: { readonly message: string; readonly code: string; readonly syscall: string } }

const buffer = Buffer.allocUnsafeSlow(2 ** 20)

parentPort?.on('message', (path: string) => parentPort?.postMessage(answer(path)))

function answer(path: string): HashAnswer {
  try {
    return { hash: hashFile(path, buffer) }
  } catch (error) {
    // Copies of errors between threads lose their codes.
    const { message, code = '', syscall = '' } = error as NodeJS.ErrnoException
    return { failure: { message, code, syscall } }
  }
}

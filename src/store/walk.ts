import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../model/digest.ts'
import { decodeDirectory } from '../model/directory.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { diskError } from './disk.ts'
import type { Store } from './store.ts'

/** Paths of all files in the folders of a folder, as blobs, actions and aliases are kept. */
export async function listTwoLevels(folder: string): Promise<string[]> {
  const paths: string[] = []
  for (const start of await list(folder)) {
    for (const name of await list(join(folder, start))) paths.push(join(folder, start, name))
  }
  return paths
}

/** Names in a folder; none when it is a file, or gone. */
async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw diskError(folder, error)
  }
}

/** First bytes of an encoded directory: the tags of its three lists. */
const TAGS = [0x0a, 0x12, 0x1a]

/** True when a blob reads as a directory. Archives, which aliases name too, do not. */
export async function isTree(store: Store, digest: Digest): Promise<boolean> {
  try {
    for await (const chunk of store.blobs.stream(digest)) {
      if (!TAGS.includes(chunk[0] ?? 0)) return false
      break
    }
    decodeDirectory(await store.blobs.read(digest))
    return true
  } catch (error) {
    if (error instanceof MrrlError && (error.code === 'E_STORE_CORRUPT' || error.code === 'E_INTERNAL')) return false
    throw error
  }
}

/** Adds the digests of a tree and of all that is in it; what the store does not have is passed over. */
export async function markTree(store: Store, root: Digest, marked: Set<Digest>): Promise<void> {
  if (marked.has(root)) return
  marked.add(root)
  try {
    const { files, directories } = await store.trees.directory(root)
    for (const { digest } of files) marked.add(digest)
    for (const { digest } of directories) await markTree(store, digest, marked)
  } catch (error) {
    if (!(error instanceof MrrlError && error.code === 'E_STORE_CORRUPT')) throw error
  }
}

import { join } from 'node:path'
import { type Digest, hashOf } from '../model/digest.ts'

/** Version of everything below; another version lives in another folder, so none can misread the other. */
export const STORE_VERSION = 1

/** The one place that knows where things are in the store; see `docs/formats/store.md`. */
export class Layout {
  readonly root: string

  /** `home` is the folder of all of the program's state, e.g. `~/.cache/mrrl`. */
  constructor(home: string) {
    this.root = join(home, `store-v${STORE_VERSION}`)
  }

  /** Content, `blobs/3f/<62 hex digits>`; with `.x` for the copy whose inode is executable. */
  blob(digest: Digest, executable: boolean): string {
    const hash = hashOf(digest)
    return join(this.blobs, hash.slice(0, 2), executable ? `${hash.slice(2)}.x` : hash.slice(2))
  }

  /** Result of the action with this key. */
  action(key: Digest): string {
    const hash = hashOf(key)
    return join(this.actions, hash.slice(0, 2), `${hash.slice(2)}.json`)
  }

  /** A tree as a plain read-only folder. */
  checkout(tree: Digest): string {
    return join(this.checkouts, hashOf(tree))
  }

  /** Blob digest of a source known by another hash; `name` is file-name safe. */
  alias(name: string): string {
    return join(this.aliases, name.slice(0, 2), name)
  }

  get blobs(): string {
    return join(this.root, 'blobs')
  }
  get actions(): string {
    return join(this.root, 'actions')
  }
  get checkouts(): string {
    return join(this.root, 'checkouts')
  }
  get aliases(): string {
    return join(this.root, 'aliases')
  }
  /** Files being written and work folders of running steps. */
  get tmp(): string {
    return join(this.root, 'tmp')
  }
  /** Logs and work folders of failed steps, one folder per action. */
  get failed(): string {
    return join(this.root, 'failed')
  }
  /** One file per running program that uses the store. */
  get running(): string {
    return join(this.root, 'running')
  }
}

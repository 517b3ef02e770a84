import { once } from 'node:events'
import { constants } from 'node:fs'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { basename, join } from 'node:path'
import { isErrno, MrrlError } from '../util/errors.ts'
import { diskError, temporaryName } from './disk.ts'
import type { Layout } from './layout.ts'

/**
 * Who uses the store: one listening socket per process in `running/`. The kernel closes it however its owner ends, and
 * it can be reached from other PID and network namespaces that share the folder.
 */
const USER = 'user'
const SWEEPER = 'gc'

/**
 * Runs `work` as a user of the store, so that no garbage is collected meanwhile; waits for a collection to end first.
 * Leftovers of programs that were killed are removed when nobody else is there.
 * @param sweep removes the leftovers
 */
export async function useStore<T>(
  layout: Layout,
  work: () => Promise<T>,
  sweep: (layout: Layout) => Promise<unknown> = async () => undefined,
): Promise<T> {
  const mark = await enter(layout, USER, async () => {
    const [sweeper] = await living(layout, SWEEPER)
    return sweeper
  })
  try {
    if (mark !== undefined && (await living(layout, USER)).length === 1) await sweep(layout)
    return await work()
  } finally {
    await mark?.leave()
  }
}

/** Runs `work` while nobody uses the store. Throws `E_STORE` when somebody does. */
export async function withoutUsers<T>(layout: Layout, work: () => Promise<T>): Promise<T> {
  const mark = await enter(layout, SWEEPER, async () => undefined)
  if (mark === undefined) {
    throw new MrrlError('E_STORE_READ_ONLY', `cannot write ${layout.running}`, { fields: { path: layout.running } })
  }
  try {
    const others = [...(await living(layout, USER)), ...(await living(layout, SWEEPER))].filter(
      (path) => path !== mark.path,
    )
    if (others.length > 0) {
      const processes = others.map((path) => basename(path).split('-')[1] ?? '')
      throw new MrrlError('E_STORE', 'another mrrl uses the store', {
        fields: { processes },
        hint: 'Wait until it ends, then run the command again.',
      })
    }
    return await work()
  } finally {
    await mark.leave()
  }
}

/** True when this process is the only one that uses the store; call it within {@link useStore}. */
export async function isOnlyUser(layout: Layout): Promise<boolean> {
  return (await living(layout, USER)).length === 1
}

interface Mark {
  readonly path: string
  leave(): Promise<void>
}

/**
 * Makes this process visible, then looks for one to wait for: whoever comes second sees the other.
 * Undefined where the store cannot be written: nothing can be collected there either.
 */
async function enter(
  layout: Layout,
  kind: string,
  blocker: () => Promise<string | undefined>,
): Promise<Mark | undefined> {
  for (;;) {
    const mark = await makeMark(layout, kind)
    const inTheWay = mark === undefined ? undefined : await blocker()
    if (inTheWay === undefined) return mark
    await mark?.leave()
    await ended(layout, inTheWay)
  }
}

async function makeMark(layout: Layout, kind: string): Promise<Mark | undefined> {
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    clients.add(client.unref())
    client.on('error', () => undefined).on('close', () => clients.delete(client))
  })
  const path = temporaryName(layout.running, kind)
  const hidden = join(layout.running, `.${basename(path)}`)
  try {
    await throughFolder(layout, basename(hidden), async (address) => {
      server.listen({ path: address, readableAll: true, writableAll: true })
      await once(server, 'listening')
    })
    // Seen only now: a socket that is bound but does not listen yet looks like one whose owner has died.
    await rename(hidden, path)
  } catch (error) {
    server.close()
    if (isErrno(error, 'EROFS', 'EACCES', 'EPERM')) return undefined
    throw diskError(layout.running, error)
  }
  server.unref()
  const leave = async (): Promise<void> => {
    await rm(path, { force: true })
    server.close()
    for (const client of clients) client.destroy()
  }
  return { path, leave }
}

/** Marks whose process is alive; those of the dead are removed. */
async function living(layout: Layout, kind: string): Promise<string[]> {
  const names = (await readdir(layout.running)).filter((name) => name.startsWith(`${kind}-`))
  const found: string[] = []
  for (const name of names) {
    if (await isAlive(layout, name)) found.push(join(layout.running, name))
    else await rm(join(layout.running, name), { force: true })
  }
  return found
}

async function isAlive(layout: Layout, name: string): Promise<boolean> {
  return throughFolder(layout, name, async (address) => {
    const client = connect(address)
    try {
      await once(client, 'connect')
      return true
    } catch (error) {
      // EAGAIN: its queue is full, so it listens.
      return !isErrno(error, 'ECONNREFUSED', 'ENOENT')
    } finally {
      client.destroy()
    }
  })
}

/** Resolves when the process of a mark has left or died. */
async function ended(layout: Layout, path: string): Promise<void> {
  await throughFolder(layout, basename(path), async (address) => {
    const client = connect(address)
    await new Promise<void>((resolve) => client.once('error', () => resolve()).once('close', () => resolve()))
  })
}

/** Calls `use` with a short name of a socket in the folder: addresses hold 107 bytes at most. */
async function throughFolder<T>(layout: Layout, name: string, use: (address: string) => Promise<T>): Promise<T> {
  const folder = await open(layout.running, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    return await use(`/proc/self/fd/${folder.fd}/${name}`)
  } finally {
    await folder.close()
  }
}

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { resolve } from 'node:path'
import { digestOf, hashOf } from '../model/digest.ts'
import { isErrno } from '../util/errors.ts'
import type { Layout } from './layout.ts'

/** A lock that is held. */
export interface Lock {
  /** Lets the next one have it. */
  release(): void
}

/**
 * Locks between processes on abstract Unix sockets: the kernel frees them however their holder ends.
 * They only save work. Two holders (in different network namespaces, say) race harmlessly, because everything that
 * is written is named by its content.
 */
export async function withLock<T>(layout: Pick<Layout, 'root'>, name: string, work: () => Promise<T>): Promise<T> {
  const lock = await acquire(socketName(layout, name))
  try {
    return await work()
  } finally {
    lock.release()
  }
}

async function acquire(socket: string): Promise<Lock> {
  for (;;) {
    const lock = await tryListen(socket)
    if (lock !== undefined) return lock
    await released(socket)
  }
}

async function tryListen(socket: string): Promise<Lock | undefined> {
  const waiting = new Set<Socket>()
  const server = createServer((client) => {
    waiting.add(client.unref())
    client.on('error', () => undefined)
    client.on('close', () => waiting.delete(client))
  })
  server.unref()
  try {
    server.listen(socket)
    await once(server, 'listening')
  } catch (error) {
    if (isErrno(error, 'EADDRINUSE')) return undefined
    throw error
  }
  return {
    release: () => {
      server.close()
      for (const client of waiting) client.destroy()
    },
  }
}

/** Resolves when the holder's end of a connection closes: it has let go, or died. */
function released(socket: string): Promise<void> {
  return new Promise((resolveWait) => {
    const client = connect(socket)
    client.once('error', () => resolveWait())
    client.once('close', () => resolveWait())
  })
}

function socketName(layout: Pick<Layout, 'root'>, name: string): string {
  return `\0mrrl-${hashOf(digestOf(Buffer.from(`${resolve(layout.root)}\n${name}`)))}`
}

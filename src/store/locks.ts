import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { resolve } from 'node:path'
import { digestOf, hashOf } from '../model/digest.ts'
import { isErrno } from '../util/errors.ts'
import type { Layout } from './layout.ts'

/**
 * Locks between processes on abstract Unix sockets: the kernel frees them however their holder ends.
 * They only save work. Two holders (in different network namespaces, say) race harmlessly, because everything that
 * is written is named by its content.
 */
export async function withLock<T>(layout: Layout, name: string, work: () => Promise<T>): Promise<T> {
  const lock = await acquire(socketName(layout, name))
  try {
    return await work()
  } finally {
    lock.close()
  }
}

/** Takes the lock if nobody has it; undefined when somebody does. */
export async function tryLock(layout: Layout, name: string): Promise<Server | undefined> {
  return tryListen(socketName(layout, name))
}

async function acquire(socket: string): Promise<Server> {
  for (;;) {
    const server = await tryListen(socket)
    if (server !== undefined) return server
    await released(socket)
  }
}

async function tryListen(socket: string): Promise<Server | undefined> {
  const server = createServer()
  server.unref()
  try {
    server.listen(socket)
    await once(server, 'listening')
    server.on('connection', (client) => client.on('error', () => undefined).unref())
    return server
  } catch (error) {
    if (isErrno(error, 'EADDRINUSE')) return undefined
    throw error
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

function socketName(layout: Layout, name: string): string {
  return `\0mrrl-${hashOf(digestOf(Buffer.from(`${resolve(layout.root)}\n${name}`)))}`
}

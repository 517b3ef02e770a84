import { chown } from 'node:fs/promises'
import { missingRoot } from './tools.ts'

const USER = 65_534

/** Runs `body` as an ordinary user who owns `folder`, also when the tests run as root. */
export async function asUser(folder: string, body: () => Promise<void>): Promise<void> {
  if (missingRoot() !== null) return body()
  await chown(folder, USER, USER)
  process.seteuid?.(USER)
  try {
    await body()
  } finally {
    process.seteuid?.(0)
  }
}

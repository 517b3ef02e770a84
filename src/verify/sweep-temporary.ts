import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { removeFolder } from '../store/checkouts.ts'
import { temporaryName } from '../store/disk.ts'
import { isErrno, MrrlError } from '../util/errors.ts'

const KIND = 'mrrl.verify'
const NAME = /^mrrl\.verify-([1-9][0-9]*)-[0-9a-f]{18}$/

/** A fresh name for the folder of a round in the folder for temporary files. */
export function temporaryRound(temporary: string): string {
  return temporaryName(temporary, KIND)
}

/** Removes the folders of rounds whose verification was killed; those of other users stay. */
export async function sweepTemporary(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    const owner = NAME.exec(name)?.[1]
    if (owner === undefined || existsSync(join('/proc', owner))) continue
    try {
      await removeFolder(join(temporary, name))
    } catch (error) {
      if (!isErrno(error, 'EACCES', 'EPERM') && !(error instanceof MrrlError)) throw error
    }
  }
}

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildRequest } from '../model/build-request.ts'
import { type Surroundings, USUAL_SURROUNDINGS } from '../model/surroundings.ts'
import { PLACES } from '../plan/environment.ts'
import type { Mount } from '../sandbox/sandbox.ts'

/** The variables of a request as its step sees them: the work folder under its name here, then what is changed. */
export function surroundedEnvironment(request: BuildRequest, surroundings: Surroundings): Record<string, string> {
  const moved = request.env.map(([name, value]) => [name, withBuildFolder(value, surroundings)])
  return { ...Object.fromEntries(moved), ...surroundings.env }
}

/**
 * The mounts of a step, with those that differ from the usual. Work folder and umask are written in the step's script,
 * so the script is replaced by one with others, in `work`.
 */
export async function surroundedMounts(
  mounts: readonly Mount[],
  surroundings: Surroundings,
  work: string,
): Promise<readonly Mount[]> {
  const { umask, buildFolder, files } = surroundings
  const usual = USUAL_SURROUNDINGS
  const isScriptUsual = umask === usual.umask && buildFolder === usual.buildFolder
  const changed = await Promise.all(
    mounts.map(async (mount) => {
      if (mount.at !== PLACES.step || isScriptUsual) return mount
      const script = await readFile(join(mount.from, 'run'), 'utf8')
      const from = join(work, 'step')
      await mkdir(from)
      await writeFile(join(from, 'run'), surroundedScript(script, surroundings))
      return { ...mount, from }
    }),
  )
  const replaced = Object.entries(files).map(async ([at, text], index): Promise<Mount> => {
    const from = join(work, `file-${index}`)
    await writeFile(from, text)
    return { at, from, kind: 'file' }
  })
  return [...changed, ...(await Promise.all(replaced))]
}

function surroundedScript(script: string, surroundings: Surroundings): string {
  const umasked = script.replace(/^umask 022$/m, `umask ${surroundings.umask}`)
  return withBuildFolder(umasked, surroundings)
}

/** Replaces the name of the work folder wherever it is a whole path or the beginning of one. */
function withBuildFolder(text: string, { buildFolder }: Surroundings): string {
  return text.replace(/(?<![\w./-])\/build(?![\w.-])/g, buildFolder)
}

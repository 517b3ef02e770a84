import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Call } from './context.ts'

/** `mrrl ls [profile or image]`: loads only the half that is asked for, which is most of the time of a small image. */
export async function runList(call: Call): Promise<number> {
  const [name = ''] = call.args
  const path = resolve(call.context.cwd, name)
  if (await isImage(path, name)) return (await import('./run-image.ts')).listImage(path, call)
  return (await import('./run-inspect.ts')).listNamed(name, call)
}

/** A file, or a name that no profile can have: then the error is that there is no such file. */
async function isImage(path: string, name: string): Promise<boolean> {
  return /[./]/.test(name) || ((await stat(path).catch(() => undefined))?.isFile() ?? false)
}

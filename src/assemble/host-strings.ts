/**
 * Folders that exist only while building. A build that writes one of them into its output depends on where it was
 * made; they are the same on every host, so this check finds the fault everywhere or nowhere.
 */
const BUILD_FOLDERS = ['build', 'src', 'out', 'files', 'step', 'seed', 'cross', 'sysroot', 'tools'] as const

/** Byte values that may stand before a slash in the middle of a longer path. */
const PATH_BYTES = /[A-Za-z0-9_.+\-/~%}*]/

/** The first build folder that a file names, with what follows it; undefined when it names none. */
export function findBuildPath(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const folder of BUILD_FOLDERS) {
    const needle = Buffer.from(`/${folder}/`)
    for (let at = buffer.indexOf(needle); at >= 0; at = buffer.indexOf(needle, at + 1)) {
      const before = at === 0 ? '' : String.fromCharCode(buffer[at - 1] ?? 0)
      if (before !== '' && PATH_BYTES.test(before)) continue
      return /^[\x20-\x7e]{1,200}/.exec(buffer.toString('latin1', at, at + 200))?.[0]
    }
  }
  return undefined
}

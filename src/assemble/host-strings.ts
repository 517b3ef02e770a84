/**
 * Folders that exist only while building. A build that writes one of them into its output depends on where it was
 * made; they are the same on every host, so this check finds the fault everywhere or nowhere.
 */
const BUILD_FOLDERS = ['build', 'src', 'out', 'files', 'step', 'seed', 'cross', 'sysroot', 'tools'] as const

/** As much of a text as is shown. */
const LONGEST_TEXT = 200

/** Byte values that may stand before a slash in the middle of a longer path. */
const PATH_BYTES = /[A-Za-z0-9_.+\-/~%}*]/

/** Each text in a file that names a build folder, once, in the order of the file. */
export function findBuildPaths(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: { readonly at: number; readonly text: string }[] = []
  for (const folder of BUILD_FOLDERS) {
    const needle = Buffer.from(`/${folder}/`)
    for (let at = buffer.indexOf(needle); at >= 0; at = buffer.indexOf(needle, at + 1)) {
      const before = at === 0 ? '' : String.fromCharCode(buffer[at - 1] ?? 0)
      if (before !== '' && PATH_BYTES.test(before)) continue
      const text = /^[\x20-\x7e]+/.exec(buffer.toString('latin1', at, at + LONGEST_TEXT))?.[0] ?? ''
      found.push({ at, text })
    }
  }
  return [...new Set(found.sort((a, b) => a.at - b.at).map(({ text }) => text))]
}

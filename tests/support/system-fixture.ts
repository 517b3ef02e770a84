import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HOST_BUSYBOX } from './fixture.ts'
import { run } from './tools.ts'

/** What the packages of a system bring, by the names of their archives: path to text. */
export type SystemPackages = Readonly<Record<string, Readonly<Record<string, string>>>>

/** A compiler, its C library, and what is needed to compile with it, as far as a fixture needs them. */
export const SYSTEM_PACKAGES = {
  compiler: { 'usr/bin/x86_64-other-linux-gnu-gcc-12': 'a compiler', 'usr/lib/gcc/cc1': 'its larger half' },
  'libc-dev': { 'usr/include/stdio.h': 'a header', 'usr/lib/libc.a': 'a library' },
  libc: { 'lib/libc.so.6': 'a library', 'lib/ld.so': 'a loader' },
}

const LINKS = {
  'lib64/ld.so': '../lib/ld.so',
  'usr/bin/x86_64-other-linux-gnu-gcc': 'x86_64-other-linux-gnu-gcc-12',
  'bin/sh': 'busybox',
}

/** Adds to a fixture the toolchain `other`, a small system: an archive per package, and one with a shell. */
export function writeSystem(folder: string, packages: SystemPackages = SYSTEM_PACKAGES): void {
  const sources = Object.entries(packages).map(([name, files]) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name, path)), { recursive: true })
      writeFileSync(join(folder, name, path), text)
    }
    return archive(folder, name)
  })
  mkdirSync(join(folder, 'shell/bin'), { recursive: true })
  cpSync(HOST_BUSYBOX ?? '', join(folder, 'shell/bin/busybox'))
  const toolchain = {
    ...{ kind: 'system', name: 'other', gcc: '12.2.0', license: 'MIT', homepage: 'https://example.org' },
    ...{ triple: 'x86_64-other-linux-gnu', sources, utilities: [archive(folder, 'shell')], links: LINKS },
  }
  const text = `import { defineToolchain } from 'mrrl'\nexport default defineToolchain(${JSON.stringify(toolchain)})\n`
  writeFileSync(join(folder, 'toolchains/other.ts'), text)
}

function archive(folder: string, name: string): object {
  const path = join(folder, `${name}.tar`)
  run('tar', '-cf', path, '-C', join(folder, name), '.')
  const bytes = readFileSync(path)
  const integrity = `sha256-${createHash('sha256').update(bytes).digest('base64')}`
  return { from: [`file:${path}`], integrity, size: bytes.length, strip: 0 }
}

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { spec } from './support/spec.ts'

const ROOT = fileURLToPath(new URL('../src', import.meta.url))

/** Folder to the folders that it may import; every folder may import itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  util: [],
  model: ['util'],
  store: ['model', 'util'],
  recipes: ['model', 'util'],
  squashfs: ['model', 'util'],
  archive: ['model', 'util'],
  toolchain: ['model', 'util'],
  sandbox: ['model', 'util'],
  fetch: ['archive', 'store', 'model', 'util'],
  assemble: ['store', 'model', 'util'],
  formats: ['archive', 'squashfs', 'model', 'util'],
  mirror: ['fetch', 'formats', 'store', 'model', 'util'],
  compare: ['formats', 'archive', 'squashfs', 'model', 'util'],
  update: ['fetch', 'archive', 'store', 'model', 'util'],
  plan: ['toolchain', 'model', 'util'],
  engine: [
    'plan',
    'compare',
    'update',
    'assemble',
    'formats',
    'fetch',
    'mirror',
    'sandbox',
    'toolchain',
    'recipes',
    'store',
    'model',
    'util',
  ],
  verify: ['engine', 'compare', 'plan', 'fetch', 'formats', 'sandbox', 'store', 'model', 'util'],
  doctor: ['engine', 'formats', 'squashfs', 'fetch', 'sandbox', 'recipes', 'store', 'model', 'util'],
  cli: [
    'doctor',
    'verify',
    'engine',
    'compare',
    'update',
    'formats',
    'fetch',
    'recipes',
    'sandbox',
    'store',
    'model',
    'util',
  ],
  '.': ['recipes', 'model', 'util'],
}

/** npm package to the one file that may import it. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  undici: ['fetch/http.ts'],
  ssri: ['fetch/integrity.ts'],
  '@napi-rs/lzma': ['util/lzma.ts'],
  commander: ['cli/commander.ts'],
  semver: ['util/version.ts'],
  openpgp: ['update/openpgp.ts'],
}

/** Words that make a result depend on the machine, and the places that may have them. */
const IMPURE: readonly { readonly word: RegExp; readonly allowed: RegExp }[] = [
  { word: /\bDate\.now\b|new Date\(\)/, allowed: /^cli\// },
  { word: /\bMath\.random\b/, allowed: /^cli\// },
  { word: /localeCompare|toLocale|Intl\./, allowed: /^never$/ },
  { word: /\bprocess\.(env|cwd|stdout|stderr|exit|argv)\b/, allowed: /^cli\// },
]

const MOST_LINES = 400

const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()

spec('architecture', (test) => {
  test('there are sources to look at', () => {
    assert.ok(files.length > 40)
  })

  test('imports point down only', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(({ local }) => local)
        .map(({ name }) => relative(ROOT, resolve(ROOT, dirname(file), name)))
        .filter((target) => !mayImport(folderOf(file), folderOf(target)))
        .map((target) => `${file} imports ${target}`),
    )
    assert.equal(wrong, [])
  })

  test('each npm package enters through its door', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(({ name, local }) => !local && !name.startsWith('node:'))
        .filter(({ name }) => !DOORS[name]?.includes(file))
        .map(({ name }) => `${file} imports ${name}`),
    )
    assert.equal(wrong, [])
  })

  test('nothing outside cli knows the clock, the environment or the locale', () => {
    const wrong = files.flatMap((file) =>
      IMPURE.filter(({ word, allowed }) => word.test(codeOf(file)) && !allowed.test(file)).map(
        ({ word }) => `${file} uses ${word.source}`,
      ),
    )
    assert.equal(wrong, [])
  })

  test('no source file is too long', () => {
    const long = files.filter((file) => textOf(file).split('\n').length > MOST_LINES)
    assert.equal(long, [])
  })

  test('every folder has a README', () => {
    const folders = Object.keys(ALLOWED).filter((folder) => folder !== '.')
    const without = folders.filter((folder) => !readdirSync(join(ROOT, folder)).includes('README.md'))
    assert.equal(without, [])
  })
})

function importsOf(file: string): { name: string; local: boolean }[] {
  const found = codeOf(file).matchAll(
    /^(?:import|export|\}) [^'\n]*?from '([^']+)'|^\} from '([^']+)'|^import '([^']+)'/gm,
  )
  return [...found].map(([, a, b, c]) => a ?? b ?? c ?? '').map((name) => ({ name, local: name.startsWith('.') }))
}

function mayImport(from: string, to: string): boolean {
  return from === to || (ALLOWED[from]?.includes(to) ?? false)
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '.'
}

/** The text without its comments, which may name what code must not use. */
function codeOf(file: string): string {
  return textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
}

function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

import { createReadStream } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type AssembledImage, assembleImage } from '../assemble/image.ts'
import { type Manifest, makeManifest, manifestText } from '../assemble/manifest.ts'
import type { Layer } from '../assemble/merge.ts'
import { writeDir } from '../formats/dir.ts'
import { openFileSink } from '../formats/file-sink.ts'
import { IMAGE_WRITERS } from '../formats/writers.ts'
import { type Digest, digestOf } from '../model/digest.ts'
import { FORMAT_VERSION } from '../model/format-version.ts'
import type { BranchFilter } from '../model/image.ts'
import type { Arch, Format } from '../model/profile.ts'
import type { OutputName } from '../model/recipe.ts'
import type { TreeEntry } from '../model/tree.ts'
import type { Plan } from '../plan/plan.ts'
import { splitOutputs } from '../plan/split.ts'
import { diskError, temporaryName, writeAtomic } from '../store/disk.ts'
import type { Store } from '../store/store.ts'
import { canonicalJson, type Json } from '../util/canonical-json.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { globMatcher } from '../util/glob.ts'
import type { Settings } from './settings.ts'

/** Changes when the same packages and profile give another tree. */
const ASSEMBLY_VERSION = 1

const MANIFEST = 'manifest.json'
const DIR_FORMAT = 'dir'

/** Instruction set whose branches the compressors' filter knows. */
const BRANCH_FILTERS: Readonly<Record<Arch, BranchFilter>> = { x86_64: 'x86', aarch64: 'arm64' }

/** One written image file. */
export interface WrittenImage {
  readonly format: string
  /** Name in the image folder. */
  readonly file: string
  readonly path: string
  readonly digest: Digest
}

/** The images of a plan, in the store and in the image folder. */
export interface WrittenImages {
  readonly images: readonly WrittenImage[]
  readonly manifest: Manifest
  readonly cached: boolean
}

/**
 * Assembles the image and writes every format of the profile into `<imageFolder>/<profile>`. What the store has is
 * not made again, and a file that is there already with the right bytes is left alone.
 * @param outputs root of what each package installed
 */
export async function writeImages(
  plan: Plan,
  outputs: ReadonlyMap<string, Digest>,
  store: Store,
  settings: Settings,
): Promise<WrittenImages> {
  const key = imageKey(plan, outputs)
  const known = await store.actions.get(key)
  const tree = known?.output ?? (await makeImages(plan, outputs, store, settings, key))
  try {
    const exported = await exportImages(plan, outputs, store, settings, tree)
    return { ...exported, cached: known !== undefined }
  } catch (error) {
    if (error instanceof MrrlError && error.code === 'E_STORE_CORRUPT') await store.actions.remove(key)
    throw error
  }
}

async function exportImages(
  plan: Plan,
  outputs: ReadonlyMap<string, Digest>,
  store: Store,
  settings: Settings,
  tree: Digest,
): Promise<Omit<WrittenImages, 'cached'>> {
  const { files } = await store.trees.directory(tree)
  const folder = join(settings.imageFolder, plan.profile.name)
  await mkdir(folder, { recursive: true })
  const manifestDigest = files.find(({ name }) => name === MANIFEST)?.digest
  if (manifestDigest === undefined) throw new MrrlError('E_STORE_CORRUPT', 'a stored image has no manifest')
  const text = Buffer.from(await store.blobs.read(manifestDigest)).toString()
  const images: WrittenImage[] = []
  for (const format of plan.profile.formats) {
    const file = format === DIR_FORMAT ? 'rootfs' : `rootfs.${format}`
    const path = join(folder, file)
    const digest = format === DIR_FORMAT ? manifestDigest : files.find(({ name }) => name === file)?.digest
    if (digest === undefined) throw new MrrlError('E_STORE_CORRUPT', `a stored image has no ${file}`)
    if (format === DIR_FORMAT) await exportDir(plan, outputs, store, path, join(folder, MANIFEST), text)
    else await exportFile(store, digest, path)
    images.push({ format, file, path, digest })
  }
  await exportFile(store, manifestDigest, join(folder, MANIFEST))
  return { images, manifest: JSON.parse(text) }
}

function imageKey(plan: Plan, outputs: ReadonlyMap<string, Digest>): Digest {
  const contents = plan.contents.map((name) => {
    const recipe = plan.nodes.get(name)?.recipe
    return {
      name,
      version: recipe?.version ?? '',
      output: outputs.get(name) ?? '',
      split: (recipe?.outputs ?? {}) as Json,
      remove: recipe?.remove ?? [],
    }
  })
  const value = {
    assembly: ASSEMBLY_VERSION,
    format: FORMAT_VERSION,
    profile: plan.profile as unknown as Json,
    contents,
  }
  return digestOf(Buffer.from(canonicalJson(value)))
}

async function makeImages(
  plan: Plan,
  outputs: ReadonlyMap<string, Digest>,
  store: Store,
  settings: Settings,
  key: Digest,
): Promise<Digest> {
  const started = performance.now()
  settings.onEvent({ type: 'assembling' })
  const assembled = await assemble(plan, outputs, store)
  const tree = store.trees.create()
  await tree.addFile(MANIFEST, Buffer.from(manifestText(manifestOf(plan, assembled))), false)
  for (const format of plan.profile.formats) {
    if (format === DIR_FORMAT) continue
    settings.onEvent({ type: 'writing', format })
    const path = await writeImage(format, assembled, plan, store)
    try {
      await tree.addFile(`rootfs.${format}`, createReadStream(path, { highWaterMark: 1 << 20 }), false)
    } finally {
      await rm(path, { force: true })
    }
  }
  const output = await tree.finish()
  const log = await store.blobs.put(new Uint8Array())
  const wallMs = Math.round(performance.now() - started)
  await store.actions.put(key, { name: `image ${plan.profile.name}`, output, log, wallMs, cpuMs: wallMs })
  return output
}

/** Writes one format into a temporary file of the store and returns its path. */
async function writeImage(
  format: Exclude<Format, 'dir'>,
  { image }: AssembledImage,
  plan: Plan,
  store: Store,
): Promise<string> {
  const path = temporaryName(store.layout.tmp, 'image')
  const sink = await openFileSink(path)
  try {
    await IMAGE_WRITERS[format].write(image, store.blobs, sink, { branchFilter: BRANCH_FILTERS[plan.profile.arch] })
    await sink.finish()
    return path
  } catch (error) {
    await sink.abandon()
    await rm(path, { force: true })
    throw diskError(path, error)
  }
}

async function assemble(plan: Plan, outputs: ReadonlyMap<string, Digest>, store: Store): Promise<AssembledImage> {
  const layers: Layer[] = []
  for (const name of plan.contents) {
    const recipe = plan.nodes.get(name)?.recipe
    const output = outputs.get(name)
    if (recipe === undefined || output === undefined) throw new MrrlError('E_INTERNAL', `${name} has not been built`)
    layers.push({ name, entries: imageFiles(splitOutputs(recipe, await store.trees.entries(output)), plan) })
  }
  return assembleImage(plan.profile, layers, store.blobs)
}

/** Runtime files, and the locales that the profile keeps. */
export function imageFiles(split: Readonly<Record<OutputName, readonly TreeEntry[]>>, plan: Plan): TreeEntry[] {
  const kept = globMatcher(plan.profile.locales.map((locale) => `**/locale/${locale}/**`))
  return [...split.runtime, ...split.locale.filter(({ path }) => kept(path))]
}

function manifestOf(plan: Plan, { image, owners }: AssembledImage): Manifest {
  const versions = new Map(plan.contents.map((name) => [name, plan.nodes.get(name)?.recipe.version ?? '']))
  return makeManifest(plan.profile, image, owners, versions, FORMAT_VERSION)
}

async function exportFile(store: Store, digest: Digest, path: string): Promise<void> {
  try {
    if (digestOf(await readFile(path)) === digest) return
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
  const folder = join(path, '..')
  await writeAtomic(path, await store.blobs.read(digest), folder)
}

async function exportDir(
  plan: Plan,
  outputs: ReadonlyMap<string, Digest>,
  store: Store,
  path: string,
  manifestPath: string,
  manifest: string,
): Promise<void> {
  const before = await readFile(manifestPath, 'utf8').catch(() => undefined)
  const exists = await readFile(join(path, 'etc/os-release')).then(
    () => true,
    () => false,
  )
  if (before === manifest && exists) return
  const { image } = await assemble(plan, outputs, store)
  await writeDir(image, store.blobs, path)
}

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mergeLayers } from '../assemble/merge.ts'
import { fileNames } from '../fetch/locations.ts'
import { type BuildRequest, makeRequest, type RequestInput } from '../model/build-request.ts'
import { type Digest, digestOf } from '../model/digest.ts'
import type { OutputName, Recipe, Source } from '../model/recipe.ts'
import { SEED_ANSWERS, USUAL_SEED } from '../model/seed.ts'
import type { TreeEntry } from '../model/tree.ts'
import { environmentFor, PLACES, prefixOf } from '../plan/environment.ts'
import type { Plan, PlanNode } from '../plan/plan.ts'
import { splitOutputs } from '../plan/split.ts'
import { stepScript } from '../plan/step-script.ts'
import type { Store } from '../store/store.ts'
import { MrrlError } from '../util/errors.ts'
import type { SourceTrees } from './sources.ts'

/** Outputs that a package gives to those that are compiled against it. */
const COMPILED_AGAINST: readonly OutputName[] = ['runtime', 'dev', 'static']

/** Composes the request of a package from the outputs of those it needs. */
export class Inputs {
  readonly #plan: Plan
  readonly #store: Store
  readonly #sources: SourceTrees
  readonly #merged = new Map<string, Promise<Digest>>()

  constructor(plan: Plan, store: Store, sources: SourceTrees) {
    this.#plan = plan
    this.#store = store
    this.#sources = sources
  }

  /** @param outputs root of what each package installed; it must hold all that `node` needs */
  async request(node: PlanNode, outputs: ReadonlyMap<string, Digest>): Promise<BuildRequest> {
    const { recipe } = node
    const inputs: RequestInput[] = [
      { at: PLACES.step, tree: await this.#step(recipe) },
      ...(await this.#seed(node)),
      ...node.tools.map((name) => ({ at: `${PLACES.tools}/${name}`, tree: outputOf(outputs, name) })),
    ]
    if (recipe.sources.length > 0) inputs.push({ at: PLACES.source, tree: await this.source(recipe) })
    if (recipe.files.length + recipe.patches.length > 0) {
      inputs.push({ at: PLACES.files, tree: await this.#files(recipe) })
    }
    if (recipe.role === 'cross' || recipe.role === 'target')
      inputs.push(...(await this.#crossAndSysroot(node, outputs)))
    const prefix = prefixOf(recipe)
    return makeRequest({
      inputs,
      argv: ['/bin/sh', `${PLACES.step}/run`],
      env: [...environmentFor(this.#plan, node)],
      output: prefix === '' ? PLACES.output : `${PLACES.output}/${prefix}`,
      platform: 'linux-x86_64',
      hostTools: recipe.role === 'bootstrap' && this.#plan.seed.utilities.length === 0,
      network: false,
      timeout: recipe.timeout,
    })
  }

  /** The recipe's sources as one tree, later ones below the first. */
  async source(recipe: Recipe): Promise<Digest> {
    const [first, ...others] = recipe.sources
    if (first === undefined) throw new MrrlError('E_INTERNAL', `recipe ${recipe.name} has no source`)
    const main = await this.#sources.get(recipe.name, first)
    if (others.length === 0 && first.at === '') return main
    const parts = await Promise.all(
      recipe.sources.map(async (source) => ({
        at: source.at,
        tree: await this.#sources.get(source.at === '' ? recipe.name : `${recipe.name}/${source.at}`, source),
      })),
    )
    return this.#merge(parts.map(({ at, tree }) => ({ name: `${recipe.name} ${at}`, at, tree, outputsOf: undefined })))
  }

  async #step(recipe: Recipe): Promise<Digest> {
    const tree = this.#store.trees.create()
    await tree.addFile('run', Buffer.from(stepScript(recipe)), true)
    return tree.finish()
  }

  async #files(recipe: Recipe): Promise<Digest> {
    const tree = this.#store.trees.create()
    for (const name of [...recipe.files, ...recipe.patches]) {
      const isForeign = name === SEED_ANSWERS && this.#plan.seed.name !== USUAL_SEED
      await tree.addFile(name, isForeign ? new Uint8Array() : await readRecipeFile(recipe, name), false)
    }
    return tree.finish()
  }

  /** Starts to fetch what the seed is made of. */
  async seed(): Promise<void> {
    const { sources, utilities } = this.#plan.seed
    await this.#seedTree([...sources, ...utilities])
  }

  /** The seed, and parts of it where its programs and those that it compiles expect them. */
  async #seed({ recipe }: PlanNode): Promise<RequestInput[]> {
    const { sources, utilities, places, bootstrapPlaces } = this.#plan.seed
    const isBootstrap = recipe.role === 'bootstrap'
    const seed = await this.#seedTree(isBootstrap ? [...sources, ...utilities] : sources)
    return Promise.all(
      Object.entries(isBootstrap ? bootstrapPlaces : places).map(async ([at, folder]) => {
        return { at, tree: folder === '' ? seed : await this.#subtree(seed, folder) }
      }),
    )
  }

  async #seedTree(sources: readonly Source[]): Promise<Digest> {
    const { links } = this.#plan.seed
    const parts = await Promise.all(
      sources.map(async (source) => {
        const name = sources.length === 1 ? 'seed' : `seed ${fileNames(source.from)[0]}`
        return { name, at: source.at, tree: await this.#sources.get(name, source), outputsOf: undefined }
      }),
    )
    const [only, ...others] = parts
    if (only !== undefined && others.length === 0 && Object.keys(links).length === 0) return only.tree
    const tree = this.#store.trees.create()
    for (const [path, target] of Object.entries(links)) tree.addSymlink(path, target)
    return this.#merge([...parts, { name: 'links', at: '', tree: await tree.finish(), outputsOf: undefined }])
  }

  async #crossAndSysroot(node: PlanNode, outputs: ReadonlyMap<string, Digest>): Promise<RequestInput[]> {
    const inputs: RequestInput[] = []
    const prebuilt = this.#plan.prebuilt
    const base: Part[] = []
    if (prebuilt !== undefined) {
      const tree = await this.#sources.get(`toolchain ${prebuilt.triple}`, prebuilt.source)
      inputs.push({ at: PLACES.cross, tree })
      base.push({
        name: this.#plan.toolchain.name,
        at: '',
        tree: await this.#subtree(tree, prebuilt.sysroot),
        outputsOf: undefined,
      })
    } else if (node.cross.length > 0) {
      const parts = node.cross.map((name) => ({ name, at: '', tree: outputOf(outputs, name), outputsOf: undefined }))
      inputs.push({ at: PLACES.cross, tree: await this.#merge(parts) })
    }
    const libraries = node.sysroot.map((name) => {
      const recipe = this.#plan.nodes.get(name)?.recipe
      return { name, at: '', tree: outputOf(outputs, name), outputsOf: recipe }
    })
    if (base.length + libraries.length > 0) {
      inputs.push({ at: PLACES.sysroot, tree: await this.#merge([...base, ...libraries]) })
    }
    return inputs
  }

  async #subtree(tree: Digest, path: string): Promise<Digest> {
    const found = await this.#store.trees.subtree(tree, path)
    if (found === undefined) throw new MrrlError('E_RECIPE_INVALID', `the seed has no folder ${path}`)
    return found
  }

  /** One tree of several; remembered in the store, because listing big trees takes a while. */
  #merge(parts: readonly Part[]): Promise<Digest> {
    const identity = parts.map(({ at, tree, outputsOf }) => {
      const split = outputsOf === undefined ? '' : JSON.stringify([outputsOf.outputs, outputsOf.remove])
      return `${at} ${tree} ${split}`
    })
    const name = `merge-${MERGE_VERSION}:${digestOf(Buffer.from(identity.join('\n')))}`
    const known = this.#merged.get(name)
    if (known !== undefined) return known
    const merging = this.#mergeOnce(name, parts)
    this.#merged.set(name, merging)
    return merging
  }

  async #mergeOnce(name: string, parts: readonly Part[]): Promise<Digest> {
    const known = await this.#store.aliases.get(name)
    if (known !== undefined && (await this.#store.blobs.has(known))) return known
    const layers = await Promise.all(
      parts.map(async (part) => ({ name: part.name, entries: await this.#layerEntries(part) })),
    )
    const tree = await this.#store.trees.write(mergeLayers(layers))
    await this.#store.blobs.sync()
    await this.#store.aliases.put(name, tree)
    return tree
  }

  async #layerEntries(part: Part): Promise<TreeEntry[]> {
    const entries = await this.#store.trees.entries(part.tree)
    if (part.at !== '') return entries.map((entry) => ({ ...entry, path: `${part.at}/${entry.path}` }))
    if (part.outputsOf === undefined) return entries
    const split = splitOutputs(part.outputsOf, entries)
    return COMPILED_AGAINST.flatMap((output) => split[output])
  }
}

/** Changes when merging or splitting gives another tree for the same parts. */
const MERGE_VERSION = 1

interface Part {
  readonly name: string
  readonly at: string
  readonly tree: Digest
  /** Set for an installed package, of which only what others are compiled against is taken. */
  readonly outputsOf: Recipe | undefined
}

/** Content of a file beside a recipe; throws `E_RECIPE_INVALID` when it is missing. */
export async function readRecipeFile(recipe: Recipe, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(recipe.folder, name))
  } catch (cause) {
    throw new MrrlError('E_RECIPE_INVALID', `recipe ${recipe.name}: there is no file ${name} beside it`, {
      fields: { file: `recipes/packages/${recipe.name}/${name}`, field: 'files' },
      cause,
    })
  }
}

function outputOf(outputs: ReadonlyMap<string, Digest>, name: string): Digest {
  const output = outputs.get(name)
  if (output === undefined) throw new MrrlError('E_INTERNAL', `${name} has not been built yet`)
  return output
}

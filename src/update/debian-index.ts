import type { Source } from '../model/recipe.ts'
import type { FoundFile, FoundVersion, Voucher } from '../model/update.ts'
import { indexError, refused, withoutCredentials } from './ask.ts'
import type { DebianArchive } from './config.ts'
import { inArchive, readRelease } from './debian-release.ts'
import { type DebianSource, type DebianSources, readSources } from './debian-sources.ts'
import type { Index, Subject } from './index-answer.ts'
import type { UpdateSession } from './session.ts'

/** A source package of one suite, and who signed for it. */
interface Entry extends DebianSource {
  readonly upstream: string
  readonly signers: readonly string[]
  readonly shown: string
}

const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,200}$/
const DIRECTORY = /^pool(\/[A-Za-z0-9][A-Za-z0-9.+~_-]{0,100}){1,6}$/

/**
 * Upstream versions of a source package in the Debian archives of the machine, from the signed release of each suite
 * down to the hash of upstream's archive.
 */
export async function openDebianIndex(
  text: string,
  { name, suite }: { readonly name: string; readonly suite: string },
  subject: Subject,
  session: UpdateSession,
): Promise<Index> {
  const component = componentOf(subject.sources)
  const entries: Entry[] = []
  const asked: string[] = []
  for (const archive of await session.config.debianArchives()) {
    for (const each of suite === '' ? archive.suites : [suite]) {
      const found = await suiteOf(archive, each, component, session)
      if (found === undefined) continue
      asked.push(each)
      for (const source of found.sources.get(name) ?? []) {
        entries.push({ ...source, upstream: upstreamVersion(source.version), ...found })
      }
    }
  }
  if (asked.length === 0)
    throw indexError(text, `no Debian archive of this machine has ${suite || 'a suite of sources'}`)
  if (entries.length === 0) throw indexError(text, `there is no source package ${name} in ${asked.join(', ')}`)
  const versions = [...new Set(entries.map(({ upstream }) => upstream))]
  return {
    name: text,
    versions,
    isLasting: suite !== '',
    describe: async (version) => describe(text, version, entries),
  }
}

interface Suite {
  readonly sources: DebianSources
  readonly signers: readonly string[]
  readonly shown: string
}

async function suiteOf(
  archive: DebianArchive,
  suite: string,
  component: string,
  session: UpdateSession,
): Promise<Suite | undefined> {
  const url = inArchive(archive.base, `dists/${suite}`)
  return session.once(`${url} ${component}`, async () => {
    const release = await session.once(url, () => readRelease(archive, suite, session))
    const sources = release && (await readSources(url, component, release, session))
    return release && sources && { sources, signers: release.signers, shown: withoutCredentials(url) }
  })
}

/**
 * What the archives say of one upstream version. Several suites and Debian revisions have the same archive of upstream's,
 * or the same content packed anew under another name; never two under one name.
 */
function describe(index: string, version: string, entries: readonly Entry[]): FoundVersion {
  const files = new Map<string, FoundFile>()
  const vouchers = new Map<string, Voucher>()
  for (const { directory, files: stated, signers, shown } of entries.filter(({ upstream }) => upstream === version)) {
    for (const { name, sha256, size } of stated) {
      if (!DIRECTORY.test(directory) || !FILE_NAME.test(name)) {
        const path = JSON.stringify(`${directory}/${name}`.slice(0, 200))
        throw refused(shown, `it names ${path}, which is no place in an archive`)
      }
      const location = `debian:${directory}/${name}`
      const integrity = `sha256-${Buffer.from(sha256, 'hex').toString('base64')}`
      if ((files.get(location)?.integrity ?? integrity) !== integrity) {
        throw refused(shown, `two suites have different files under the name ${name}`)
      }
      files.set(location, { location, integrity, size })
      for (const by of signers) vouchers.set(`${by} ${name}`, { kind: 'debian release', by, file: name })
    }
  }
  if (files.size === 0) throw indexError(index, `it has no archive of version ${version}`)
  return { version, index, files: [...files.values()], license: '', vouchers: [...vouchers.values()] }
}

/**
 * Upstream's version in a Debian one: without epoch, revision and the mark of a repacked archive. What follows `+really`
 * is what it really is. See deb-version(7).
 */
export function upstreamVersion(version: string): string {
  const plain = version.replace(/^[0-9]+:/, '').replace(/-[^-]*$/, '')
  const really = plain.lastIndexOf('really')
  const own = really < 0 ? plain : plain.slice(really + 'really'.length)
  return own.replace(/[+~.](dfsg|ds|repack|debian)[0-9.]*$/, '').replace('~', '-')
}

/** The component that a package's sources lie in, `main` unless they say otherwise. */
function componentOf(sources: readonly Source[]): string {
  for (const location of sources.flatMap(({ from }) => from)) {
    const [, component] = /^debian:pool\/(?:updates\/)?([a-z-]+)\//.exec(location) ?? []
    if (component !== undefined) return component
  }
  return 'main'
}

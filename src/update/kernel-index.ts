import { askJson, field, indexError, tooMuch } from './ask.ts'
import { type Index, namesOnly } from './index-answer.ts'
import type { UpdateSession } from './session.ts'

const BRANCHES = new Set(['mainline', 'stable', 'longterm'])

/** The newest release of each branch of Linux, from the `releases.json` of kernel.org. */
export async function openKernelIndex(name: string, session: UpdateSession): Promise<Index> {
  const { config } = session
  const url = `${config.hosts.kernel}/releases.json`
  const question = { url, bytes: config.limits.bytes, headers: {}, mayMove: false }
  const answer = await session.once(url, () => askJson(question, config))
  const releases = field(answer, 'releases')
  if (!Array.isArray(releases)) throw indexError(url, 'it lists no releases')
  if (releases.length > config.limits.entries) throw tooMuch(url, `it lists ${releases.length} releases`)
  const versions = releases.flatMap((release) => {
    const [version, branch] = [field(release, 'version'), field(release, 'moniker')]
    return typeof version === 'string' && typeof branch === 'string' && BRANCHES.has(branch) ? [version] : []
  })
  return namesOnly(name, versions, false)
}

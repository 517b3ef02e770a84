import type { LockedSource } from '../../src/fetch/locked-sources.ts'
import { fillMirror } from '../../src/mirror/fill.ts'
import { openStore } from '../../src/store/store.ts'
import { fetchConfig } from './http-server.ts'

/** Fills a mirror with one source, given as JSON; a process of its own, for tests that kill it. */
const [mirror = '', text = ''] = process.argv.slice(2)
const source: LockedSource = JSON.parse(text)
await fillMirror(
  mirror,
  { profiles: ['test'], sources: [source] },
  await openStore(`${mirror}-home`),
  fetchConfig(),
  {},
)

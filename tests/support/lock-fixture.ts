import { lock } from '../../src/engine/lock-operations.ts'
import { fixtureSettings } from './fixture.ts'

/** Locks the fixture in a folder; a process of its own, for tests that kill it. */
await lock('test', fixtureSettings(process.argv[2] ?? '').settings)

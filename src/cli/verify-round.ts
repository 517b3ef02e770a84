import { createInterface } from 'node:readline'
import type { BuildEvent } from '../engine/events.ts'
import { MrrlError } from '../util/errors.ts'
import type { RoundMessage, RoundOrder } from '../verify/order.ts'
import { performRound } from '../verify/perform-round.ts'
import { processContext } from './context.ts'
import { fetchConfigFor } from './fetch-config.ts'
import { toMrrlError } from './show-error.ts'

/**
 * The process of one round of `mrrl verify`: reads its order from standard input, prints what happens and what came
 * out as JSON, one message per line, and ends when its input does.
 */
const context = processContext(false, () => undefined)

function say(message: RoundMessage): void {
  context.out.write(`${JSON.stringify(message)}\n`)
}

async function run(): Promise<number> {
  try {
    const order = await readOrder()
    const { home, recipeFolders, lockFolder, imageFolder, jobs, keepGoing, sandbox, surroundings } = order
    const rebuilt = await performRound(order, {
      ...{ home, recipeFolders, lockFolder, imageFolder, jobs, keepGoing, sandbox, surroundings },
      // Everything is in the store of the round.
      fetch: await fetchConfigFor(context, { mirrors: [], offline: true }),
      signal: context.interruption.signal,
      onEvent: (event: BuildEvent) => say({ kind: 'event', event }),
    })
    say({ kind: 'rebuilt', rebuilt })
    return 0
  } catch (error) {
    const { code, message, fields, hint } = toMrrlError(error)
    say({ kind: 'error', error: { code, message, fields, hint } })
    return 1
  }
}

/** The order is one line. The end of the input is the end of whoever gave it, and then of this process. */
function readOrder(): Promise<RoundOrder> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: process.stdin })
    lines.once('line', (line) => {
      try {
        resolve(JSON.parse(line))
      } catch (error) {
        reject(error)
      }
    })
    lines.once('close', () => {
      reject(new MrrlError('E_INTERNAL', 'a round was given no order'))
      process.kill(process.pid, 'SIGTERM')
    })
  })
}

const status = await run()
await context.out.flush()
process.exit(context.interruption.status ?? status)

import { type Context, processContext } from './context.ts'
import { parseArguments, type Request } from './parse.ts'
import { errorDocument, errorLines, toMrrlError } from './show-error.ts'

const SHOW_CURSOR = '\x1b[?25h'

/** The program: reads its arguments, does what they say, and ends the process with a status. */
export async function main(): Promise<never> {
  const words = process.argv.slice(2)
  // Looked at before the words are read, because reading them can fail too.
  const isJson = words.includes('--json')
  const context = processContext(!words.includes('--no-color'), () => {
    if (process.stderr.isTTY) context.err.write(SHOW_CURSOR)
  })
  const status = await run(words, isJson, context)
  await context.out.flush()
  await context.err.flush()
  // Connections that servers keep open would hold the process for seconds.
  process.exit(context.interruption.status ?? status)
}

async function run(words: readonly string[], isJson: boolean, context: Context): Promise<number> {
  let request: Request | undefined
  try {
    request = parseArguments(words)
    if (request.kind === 'help') {
      const output = request.isWanted ? context.out : context.err
      output.write(request.text)
      return request.isWanted ? 0 : 2
    }
    return await request.row.run({ args: request.args, options: request.options, context })
  } catch (thrown) {
    const error = toMrrlError(thrown)
    const meant = wordsOf(request)
    if (isJson) context.out.write(`${JSON.stringify(errorDocument(error, meant), undefined, 2)}\n`)
    else context.err.lines(errorLines(error, meant, context.err.style))
    return error.exit
  }
}

/** What the placeholders of hints stand for. */
function wordsOf(request: Request | undefined): Readonly<Record<string, string>> {
  if (request?.kind !== 'call') return {}
  const { row, args } = request
  return Object.fromEntries(row.args.flatMap(({ name }, index) => (args[index] ? [[name, args[index]]] : [])))
}

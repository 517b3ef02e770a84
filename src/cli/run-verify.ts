import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { USUAL_SEED } from '../model/seed.ts'
import { ERROR_CODES } from '../util/error-codes.ts'
import { MrrlError } from '../util/errors.ts'
import { checkKeepFolder } from '../verify/keep.ts'
import type { Host } from '../verify/machine.ts'
import type { VerifyReport } from '../verify/report.ts'
import { namedVariations } from '../verify/round-plan.ts'
import { type VerifyOptions, verifyProfile } from '../verify/verify.ts'
import type { Call, Context } from './context.ts'
import { DEFAULTS, type Options } from './options.ts'
import { runDiff } from './run-diff.ts'
import { lockFilesFor, settingsFor, storeHome } from './settings.ts'
import { verifyLines } from './show-verify.ts'
import { VerifyView } from './view/verify-view.ts'

/** Columns where there is no terminal: lines are to be searched, not to fit. */
const LONGEST_PLAIN = 400

/** `mrrl verify [profile...]` */
export async function runVerify(call: Call): Promise<number> {
  const { options, context } = call
  if (options.against !== '') return runAgainst(call)
  const profiles = lockFilesFor(
    call.args.filter((name) => name !== ''),
    context,
  ).map(({ profile }) => profile)
  if (profiles.length === 0) throw new MrrlError('E_LOCK_MISSING', 'there is no lock to verify')
  checkSeed(options)
  checkImage(options, profiles)
  const variations = options.seed === USUAL_SEED ? namedVariations(options.vary) : []
  const keep = options.keep === '' ? '' : resolve(context.cwd, options.keep)
  if (keep !== '') await checkKeepFolder(keep)
  const view = new VerifyView(options, context)
  const reports: VerifyReport[] = []
  try {
    for (const profile of profiles) {
      const onEvent = view.onEvent.bind(view)
      const settings = await settingsFor(call, { profile, use: 'read' }, onEvent)
      const verifyOptions: VerifyOptions = {
        depth: options.seed === USUAL_SEED ? options.depth : 'seed',
        seed: options.seed,
        variations,
        bisect: options.bisect ? 'always' : 'when quick',
        image: options.image === '' ? '' : resolve(context.cwd, options.image),
        keep: keep === '' || profiles.length === 1 ? keep : join(keep, profile),
        onEvent,
      }
      const report = await verifyProfile(profile, verifyOptions, settings, hostOf(context))
      view.endRound()
      reports.push(report)
      if (!options.json && !options.quiet) showReport(report, context)
    }
  } finally {
    view.close()
  }
  const isSame = reports.every(({ verdict }) => verdict === 'same')
  const document = { verdict: isSame ? 'same' : 'different', profiles: reports }
  if (options.json) context.out.write(`${JSON.stringify(document, undefined, 2)}\n`)
  return isSame ? 0 : ERROR_CODES.E_NOT_REPRODUCIBLE.exit
}

function showReport(report: VerifyReport, { out }: Context): void {
  out.lines(verifyLines(report, { style: out.style, columns: out.isTerminal ? out.columns : LONGEST_PLAIN, root: '' }))
}

/** Another seed is a variation of its own, at the greatest depth: what was asked for besides would be left out. */
function checkSeed({ seed, depth, vary, bisect }: Options): void {
  const isAlone = vary === DEFAULTS.vary && (depth === DEFAULTS.depth || depth === 'seed') && !bisect
  if (seed === USUAL_SEED || isAlone) return
  throw new MrrlError('E_USAGE', '--seed with another seed goes without --vary, --bisect and other depths', {
    hint: `Verify the rest without it: mrrl verify --depth seed`,
  })
}

/** `mrrl verify --image <file> --against <file>`: builds nothing. */
function runAgainst(call: Call): Promise<number> {
  const { image, against } = call.options
  if (image === '' || call.args.some((name) => name !== '')) {
    throw new MrrlError('E_USAGE', '--against goes with --image and without a profile', {
      hint: 'Two images can also be compared with: mrrl diff <before> <after>',
    })
  }
  return runDiff({ ...call, args: [image, against] })
}

/** An image is that of one profile. */
function checkImage({ image }: Options, profiles: readonly string[]): void {
  if (image === '' || profiles.length === 1) return
  throw new MrrlError('E_USAGE', '--image needs the name of one profile', {
    fields: { known: profiles },
    hint: 'Say whose image it is: mrrl verify --image <file> <profile>',
  })
}

/** What rounds need to know of this process. */
function hostOf(context: Context): Host {
  // From the sources of a checkout, or from the published package.
  const program = new URL(`./verify-round${import.meta.url.slice(-3)}`, import.meta.url)
  return {
    env: { ...context.env, NODE_COMPILE_CACHE: join(storeHome(context), 'compile-cache') },
    processors: context.processors,
    uid: process.getuid?.() ?? -1,
    temporary: tmpdir(),
    program: [process.execPath, fileURLToPath(program)],
  }
}

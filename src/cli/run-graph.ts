import { type Graph, graph } from '../engine/graph.ts'
import type { Call } from './context.ts'
import type { GraphFormat } from './graph-formats.ts'
import { dotLines, mermaidLines, textLines } from './graph-text.ts'
import { settingsFor } from './settings.ts'

/** `mrrl graph [profile...]` */
export async function runGraph(call: Call): Promise<number> {
  const { args, options, context } = call
  const settings = await settingsFor(call, { profile: args[0] ?? '', use: 'read' }, () => undefined)
  const profiles = args.filter((name) => name !== '')
  const graphs = await graph(profiles, settings)
  const format = options.json ? 'json' : options.graphFormat
  context.out.lines(WRITERS[format](graphs, context.out.style))
  return 0
}

type Writer = (graphs: readonly Graph[], style: Call['context']['out']['style']) => string[]

const WRITERS: Readonly<Record<GraphFormat, Writer>> = {
  text: textLines,
  dot: dotLines,
  mermaid: mermaidLines,
  json: (graphs) => [JSON.stringify(graphs, undefined, 2)],
}

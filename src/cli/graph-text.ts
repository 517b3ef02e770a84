import type { Edge, EdgeKind, Graph, GraphNode, PackageState } from '../engine/graph.ts'
import type { Role } from '../model/recipe.ts'
import { formatTable } from './format.ts'
import type { Style } from './style.ts'

const KINDS: readonly EdgeKind[] = ['cross', 'sysroot', 'runtime', 'tool']

/** What the next build does with a package. */
const STATE_WORDS: Readonly<Record<PackageState, string>> = {
  built: 'in the store',
  changed: 'to build',
  waiting: 'waits for others',
}

/** Every package with what it needs below it. */
export function textLines(graphs: readonly Graph[], style: Style): string[] {
  return graphs.flatMap((graph, index) => [
    ...(index === 0 ? [] : ['']),
    `${style.bold(graph.profile)}  ${graph.lines.map(lineText).join(', ')}`,
    ...indented(formatTable(graph.nodes.flatMap((node) => nodeRows(node, graph, style)))),
  ])
}

function nodeRows(node: GraphNode, graph: Graph, style: Style): string[][] {
  const { name, version, role, inImage, state } = node
  const word = state === 'built' ? STATE_WORDS[state] : style.yellow(STATE_WORDS[state])
  const needs = KINDS.flatMap((kind) => {
    const names = graph.edges.filter((edge) => edge.from === name && edge.kind === kind).map(({ to }) => to)
    return names.length === 0 ? [] : [[`  ${style.dim(kind)}`, names.join(', ')]]
  })
  return [[style.bold(name), `${version}, ${role}${inImage ? ', in the image' : ''}, ${word}`], ...needs]
}

/** The toolchain may have put another package in the place of the one that is named. */
function lineText({ value, package: name }: Graph['lines'][number]): string {
  return value === name ? value : `${value} (${name})`
}

const SHAPES: Readonly<Record<Role, string>> = {
  bootstrap: 'house',
  tool: 'box',
  cross: 'hexagon',
  target: 'ellipse',
}

const DOT_EDGES: Readonly<Record<EdgeKind, string>> = {
  tool: 'style=dotted, color=gray50',
  cross: 'style=dashed, color=blue',
  sysroot: 'color=black',
  runtime: 'style=bold, color=darkgreen',
}

const DOT_STATES: Readonly<Record<PackageState, string>> = {
  built: '',
  changed: ', style=filled, fillcolor=orange',
  waiting: ', style="filled,dashed", fillcolor=lightyellow',
}

/** The graph in the language of Graphviz, one cluster per profile. */
export function dotLines(graphs: readonly Graph[]): string[] {
  const clusters = graphs.flatMap((graph, index) => {
    const id = (name: string): string => quoted(`${graph.profile}/${name}`)
    return [
      `  subgraph cluster_${index} {`,
      `    label=${quoted(graph.profile)};`,
      `    ${id('')} [label=${quoted(graph.profile)}, shape=doubleoctagon];`,
      ...graph.nodes.map(({ name, version, role, state }) => {
        return `    ${id(name)} [label="${escaped(name)}\\n${escaped(version)}", shape=${SHAPES[role]}${DOT_STATES[state]}];`
      }),
      ...graph.lines.map((line) => `    ${id('')} -> ${id(line.package)};`),
      ...graph.edges.map(({ from, to, kind }) => `    ${id(from)} -> ${id(to)} [label=${kind}, ${DOT_EDGES[kind]}];`),
      '  }',
    ]
  })
  return ['digraph mrrl {', '  rankdir=LR;', '  node [fontname="sans-serif"];', ...clusters, '}']
}

const BRACKETS: Readonly<Record<Role, readonly [string, string]>> = {
  bootstrap: ['[/', '\\]'],
  tool: ['[', ']'],
  cross: ['{{', '}}'],
  target: ['([', '])'],
}

const ARROWS: Readonly<Record<EdgeKind, string>> = {
  tool: '-. tool .->',
  cross: '-. cross .->',
  sysroot: '-- sysroot -->',
  runtime: '== runtime ==>',
}

/** The graph in the language of Mermaid, one subgraph per profile. */
export function mermaidLines(graphs: readonly Graph[]): string[] {
  const parts = graphs.flatMap((graph, index) => {
    const numbers = new Map(graph.nodes.map(({ name }, number) => [name, `p${index}_${number}`]))
    const id = (name: string): string => numbers.get(name) ?? `p${index}`
    return [
      `  subgraph s${index}["${graph.profile}"]`,
      `    p${index}[["${graph.profile}"]]`,
      ...graph.nodes.map(({ name, version, role, state }) => {
        const [open, close] = BRACKETS[role]
        return `    ${id(name)}${open}"${name} ${version}"${close}:::${state}`
      }),
      ...graph.lines.map((line) => `    p${index} ==> ${id(line.package)}`),
      ...graph.edges.map(({ from, to, kind }: Edge) => `    ${id(from)} ${ARROWS[kind]} ${id(to)}`),
      '  end',
    ]
  })
  return [
    'flowchart LR',
    ...parts,
    '  classDef built fill:#fff,stroke:#333',
    '  classDef changed fill:#fb4,stroke:#333',
    '  classDef waiting fill:#ffd,stroke:#333,stroke-dasharray:4',
  ]
}

function quoted(text: string): string {
  return `"${escaped(text)}"`
}

function escaped(text: string): string {
  return text.replace(/["\\]/g, '\\$&')
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

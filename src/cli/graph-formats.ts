/** Languages that a graph can be written in. */
export const GRAPH_FORMATS = ['text', 'dot', 'mermaid', 'json'] as const
export type GraphFormat = (typeof GRAPH_FORMATS)[number]

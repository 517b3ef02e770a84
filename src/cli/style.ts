import { styleText } from 'node:util'

/** Colours of one output stream; all of them give the text back unchanged where colours are not wanted. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

/** Text as it is. */
export const PLAIN: Style = makeStyle((_format, text) => text)

/** Colours for a stream as far as its terminal, `NO_COLOR` and `FORCE_COLOR` allow. */
export function styleFor(stream: NodeJS.WritableStream, isWanted: boolean): Style {
  return isWanted ? makeStyle((format, text) => styleText(format, text, { stream })) : PLAIN
}

function makeStyle(paint: (format: keyof Style, text: string) => string): Style {
  return {
    bold: (text) => paint('bold', text),
    dim: (text) => paint('dim', text),
    red: (text) => paint('red', text),
    green: (text) => paint('green', text),
    yellow: (text) => paint('yellow', text),
    cyan: (text) => paint('cyan', text),
  }
}

import type { Where } from '../model/difference.ts'

/** A place for people: `mode`, `.rodata · banner+0x4`, `line 12`. '' for a whole entry. */
export function placeText(where: Where): string {
  switch (where.kind) {
    case 'entry':
      return ''
    case 'metadata':
      return where.field
    case 'xattr':
      return where.name
    case 'order':
      return `order of ${where.of}`
    case 'header':
      return `${where.format} ${where.field}`
    case 'elf':
      return elfText(where)
    case 'text':
      return `line ${firstChanged(where)}`
    case 'bytes':
      return `${where.count === 1 ? 'byte' : 'bytes'} at ${hexadecimal(where.offset)}`
    case 'more':
      return 'and more'
  }
}

/** Number of the first line that differs, in the text before. */
export function firstChanged({ line, hunk }: Where & { kind: 'text' }): number {
  const context = hunk.findIndex((text) => !text.startsWith(' '))
  return line + Math.max(context, 0)
}

function elfText({ section, symbol, offset, field }: Where & { kind: 'elf' }): string {
  if (field === 'build-id') return field
  if (section === '' && symbol === '') return `ELF ${field}`
  const isBytes = field === 'content' || field === 'addresses'
  const plus = isBytes && offset > 0 ? `+${hexadecimal(offset)}` : ''
  const place = symbol === '' ? `${section}${plus}` : `${section} · ${symbol}${plus}`
  return field === 'content' ? place : `${place} ${field}`
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`
}

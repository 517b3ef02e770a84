const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?'
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*'
const CLOCK = '\\d{1,2}:\\d{2}(?::\\d{2}(?:\\.\\d+)?)?(?: ?[AP]M)?'
const ZONE = '(?:Z|UTC|GMT|[A-Z]{3,5}|[+-]\\d{2}:?\\d{2})'

/** Dates and times as programs write them: `__DATE__`, `__TIME__`, ISO 8601, RFC 5322, date(1), `20261121`. */
const FORMS: readonly RegExp[] = [
  /(?:19|20)\d{2}[-/.](?:1[0-2]|0?[1-9])[-/.](?:[12]\d|3[01]|0?[1-9])(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?/g,
  new RegExp(`(?:${DAY} )?\\d{1,2}[ -]${MONTH}[ -](?:19|20)\\d{2}(?: ${CLOCK})?(?: ${ZONE})?`, 'g'),
  new RegExp(`(?:${DAY} )?${MONTH} {1,2}\\d{1,2},?(?: ${CLOCK})?(?: ${ZONE})?(?: (?:19|20)\\d{2})(?: ${CLOCK})?`, 'g'),
  new RegExp(`\\b${CLOCK}(?: ${ZONE})?\\b`, 'g'),
  /(?<!\d)20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?[0-2]\d[0-5]\d(?:[0-5]\d)?Z?)?(?!\d)/g,
]
/** Seconds since 1970, from 2001 to 2049; milliseconds and finer come after them. */
const SECONDS = /(?<![\d.])(?:1\d{9}|2[0-4]\d{8})(?:\d{3}|\.\d+|\d{6}|\d{9})?(?!\d)/g

const MARK = '<time>'
/** A text to be looked through; what is longer is cut. */
const LONGEST = 2 ** 16

/** The text with every date and time replaced by a mark. */
export function withoutTimes(text: string): string {
  return [...FORMS, SECONDS].reduce((rest, form) => rest.replace(form, MARK), text.slice(0, LONGEST))
}

/** The first date or time in a text. */
export function timeIn(text: string): string | undefined {
  for (const form of [...FORMS, SECONDS]) {
    const found = text.slice(0, LONGEST).match(form)?.[0]
    if (found !== undefined) return found
  }
  return undefined
}

import { isRefusal, type PlaceFailed } from '../../engine/events.ts'
import { toOneLine } from '../format.ts'

/** A line for a place that holds another file than the lock says; undefined for one that lacks it, which is usual. */
export function refusalLine({ name, from, code, reason }: PlaceFailed): string | undefined {
  return isRefusal(code) ? toOneLine(`${name}: ${code} ${reason}: ${from}; trying the next place`) : undefined
}

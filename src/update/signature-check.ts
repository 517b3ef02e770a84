/** What a check of one or several signatures found. Known keys are named by fingerprint or as a whole, others by id. */
export interface SignatureCheck {
  /** Keys that are known and signed these bytes. */
  readonly good: readonly string[]
  /** Keys that are known, whose signatures are of other bytes, or of a time at which the key did not count. */
  readonly bad: readonly string[]
  /** Keys that are not known, or count no longer. */
  readonly unknown: readonly string[]
}

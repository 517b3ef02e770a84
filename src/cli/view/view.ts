import type { BuildEvent } from '../../engine/events.ts'

/** Shows a build while it runs. */
export interface View {
  onEvent(event: BuildEvent): void
  /** Ends the showing and leaves the terminal as it was; safe to call twice. */
  close(): void
}

/** Shows nothing: for `--quiet` and `--json`. */
export const SILENT: View = { onEvent: () => undefined, close: () => undefined }

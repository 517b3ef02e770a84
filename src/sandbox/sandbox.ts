/** A folder or file of the host that appears in the sandbox. */
export interface Mount {
  /** Absolute path in the sandbox; no mount lies inside another. */
  readonly at: string
  /** Absolute path on the host. */
  readonly from: string
  readonly kind: 'read-only' | 'writable' | 'file'
}

/** A symbolic link in the sandbox's otherwise empty root. */
export interface RootLink {
  readonly at: string
  readonly target: string
}

/** Everything one process tree may see and do. It starts in `/` with exactly this environment. */
export interface SandboxRequest {
  /** An empty folder of the host that no build step has ever written to. */
  readonly staging: string
  readonly mounts: readonly Mount[]
  readonly links: readonly RootLink[]
  readonly env: Readonly<Record<string, string>>
  /** The program is an absolute path in the sandbox. */
  readonly argv: readonly string[]
  /** Milliseconds of wall time. */
  readonly timeoutMs: number
  /** Host name inside. */
  readonly hostName: string
  /** User and group id inside; `unshare` can only do 0. */
  readonly uid: number
  /** Words for setarch; none for the personality of the caller. */
  readonly personality: readonly string[]
  /** Size of the private `/tmp`, in bytes. */
  readonly tmpBytes: number
  /** True to hand the user's terminal to the program instead of collecting its output. */
  readonly interactive: boolean
  /** Receives what the program prints on both streams, in order. */
  readonly onOutput: (chunk: Uint8Array) => void
  readonly signal: AbortSignal
}

/** How the process tree ended. Nothing of it is left when this is returned. */
export interface SandboxExit {
  readonly outcome: 'exited' | 'killed' | 'timed out' | 'aborted'
  /** Exit status of the program, or 128 + signal. */
  readonly status: number
  readonly wallMs: number
  /** User and system time of the whole tree. */
  readonly cpuMs: number
}

/** One way to make a sandbox. */
export interface Sandbox {
  readonly name: SandboxName
  run(request: SandboxRequest): Promise<SandboxExit>
}

export const SANDBOX_NAMES = ['unshare', 'bwrap'] as const
export type SandboxName = (typeof SANDBOX_NAMES)[number]

/** Device nodes inside every sandbox; each shows the host's node of that name. */
export const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'] as const

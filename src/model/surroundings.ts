/**
 * What a build step sees of its machine besides its inputs. It is the same for every build and no part of any key;
 * only `mrrl verify` changes it, to find what an output depends on.
 */
export interface Surroundings {
  readonly hostName: string
  /** In octal, as the shell takes it. */
  readonly umask: string
  /** Absolute path of the work folder; not inside another place of the build. */
  readonly buildFolder: string
  /** Variables that join or replace those of the request. */
  readonly env: Readonly<Record<string, string>>
  /** Texts in place of files below `/proc`. */
  readonly files: Readonly<Record<string, string>>
  /** User and group id; the back end `unshare` can only do 0. */
  readonly uid: number
  /** Words for setarch; none to leave everything as it is around mrrl. */
  readonly personality: readonly string[]
  /** In which order the files of inputs are created: where folders list them in that order, a step can see it. */
  readonly fileOrder: 'forwards' | 'backwards'
}

/** The surroundings of every build. */
export const USUAL_SURROUNDINGS: Surroundings = {
  hostName: 'mrrl',
  umask: '022',
  buildFolder: '/build',
  env: {},
  files: {},
  uid: 0,
  personality: [],
  fileOrder: 'forwards',
}

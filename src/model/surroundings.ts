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
  /** Text of `/proc/cpuinfo`; '' for the machine's own. */
  readonly cpuinfo: string
  /** User and group id; the back end `unshare` can only do 0. */
  readonly uid: number
  /** In which order the files of inputs are created: where folders list them in that order, a step can see it. */
  readonly fileOrder: 'forwards' | 'backwards'
}

/** The surroundings of every build. */
export const USUAL_SURROUNDINGS: Surroundings = {
  hostName: 'mrrl',
  umask: '022',
  buildFolder: '/build',
  env: {},
  cpuinfo: '',
  uid: 0,
  fileOrder: 'forwards',
}

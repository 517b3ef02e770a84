import type { UpdateInput } from 'mrrl'

/** For the tools of the image and those of the cross compiler, which get a new version together. */
export const binutilsUpdate: UpdateInput = {
  range: '~2.44',
  indexes: ['debian:binutils@trixie'],
}

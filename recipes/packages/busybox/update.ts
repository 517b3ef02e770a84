import type { UpdateInput } from 'mrrl'

/** For both programs that are made of BusyBox, which get a new version together. */
export const busyboxUpdate: UpdateInput = {
  range: '~1.37',
  indexes: ['https://busybox.net/downloads/', 'debian:busybox@trixie'],
  checksums: [{ url: 'https://busybox.net/downloads/busybox-{version}.tar.bz2.sha256' }],
}

import { defineProfile } from 'mrrl'

export default defineProfile({
  name: 'mini',
  summary: 'BusyBox on the C library of the downloaded toolchain: an image in a minute or two',
  target: { arch: 'x86_64' },
  toolchain: 'crosstool-ng',
  packages: ['glibc', 'busybox'],
  build: { optimize: 's', hardening: ['relro'] },
})

import { defineProfile } from 'mrrl'

export default defineProfile({
  name: 'mini-aarch64',
  summary: 'BusyBox on the C library of the downloaded toolchain: for 64-bit ARM',
  target: { arch: 'aarch64' },
  toolchain: 'crosstool-ng',
  packages: ['glibc', 'busybox'],
  build: { optimize: 's', hardening: ['relro'] },
})

import { defineProfile } from 'mrrl'

export default defineProfile({
  name: 'x86_64',
  summary: 'glibc, BusyBox and binutils, all compiled from locked source',
  target: { arch: 'x86_64', cpu: 'x86-64', kernel: '4.4' },
  toolchain: 'gcc-14',
  packages: ['glibc', 'busybox', 'binutils'],
  build: { optimize: 's', hardening: ['stack-protector-strong', 'fortify', 'relro', 'pie'] },
  packageBuild: { busybox: { lto: true, graphite: true } },
  // BusyBox brings a small one too.
  overrides: { 'usr/bin/strings': 'binutils' },
})

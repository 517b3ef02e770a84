import { defineProfile } from 'mrrl'

export default defineProfile({
  name: 'base',
  summary: 'glibc and BusyBox alone: the smallest image compiled from locked source',
  target: { arch: 'x86_64', cpu: 'x86-64', kernel: '4.4' },
  toolchain: 'gcc-14',
  packages: ['glibc', 'busybox'],
  build: { optimize: 's', hardening: ['stack-protector-strong', 'fortify', 'relro', 'pie'] },
  packageBuild: { busybox: { lto: true, graphite: true } },
})

import { defineToolchain } from 'mrrl'

/** Compiled by the seed: binutils 2.44 and GCC 14.2, with link-time optimisation and Graphite. */
export default defineToolchain({
  kind: 'source',
  name: 'gcc-14',
  gcc: '14.2.0',
  triples: { x86_64: 'x86_64-mrrl-linux-gnu', aarch64: 'aarch64-mrrl-linux-gnu' },
  packages: ['cross-binutils', 'cross-gcc'],
  sysroot: ['linux-headers', 'glibc', 'libgcc'],
})

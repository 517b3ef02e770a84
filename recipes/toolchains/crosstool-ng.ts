import { defineToolchain } from 'mrrl'

/** Parts that no build uses: manuals, the second linker, plug-in headers, debugging aids. */
const UNUSED = ['share/**', 'bin/*-ld.gold', 'bin/*-gdb*', 'bin/*-gcov*', '**/lto-dump', 'lib/gcc/*/*/plugin/**']

/** crosstool-NG 1.24.0.388 as on the npm registry; the x86_64 one is the seed of every build. */
export default defineToolchain({
  kind: 'prebuilt',
  name: 'crosstool-ng',
  gcc: '4.8.5',
  license: 'GPL-3.0-or-later WITH GCC-exception-3.1',
  homepage: 'https://crosstool-ng.github.io/',
  targets: {
    x86_64: {
      triple: 'x86_64-unknown-linux-gnu',
      sysroot: 'x86_64-unknown-linux-gnu/sysroot',
      source: {
        from: ['npm:@napi-rs/cross-toolchain-x64-target-x86_64@1.0.0'],
        integrity: 'sha512-lecoghCfoTAX9MLFcIx9/nL9M8xdkZ9n8Pki8qjKUNzjiq1zbECdEbzIZAMMHRtrXxifK9dAyYuh8gSxNbr2og==',
        size: 48651755,
        inner: 'package/x86_64-unknown-linux-gnu.tar.xz',
        strip: 0,
        exclude: UNUSED,
      },
    },
    aarch64: {
      triple: 'aarch64-unknown-linux-gnu',
      sysroot: 'aarch64-unknown-linux-gnu/sysroot',
      source: {
        from: ['npm:@napi-rs/cross-toolchain-x64-target-aarch64@1.0.3'],
        integrity: 'sha512-EMFcy/ahFsmCY3BI1tMC3wRUYZ+cDuILg7nP1micaKXW1tO1+RvUB1CC6QYe+cv2W4Tuz9wr3qcFExWyjgWf2w==',
        size: 44822574,
        inner: 'package/aarch64-unknown-linux-gnu.tar.xz',
        strip: 0,
        exclude: UNUSED,
      },
    },
  },
  replaces: { glibc: 'glibc-prebuilt' },
})

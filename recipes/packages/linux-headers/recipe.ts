import { defineRecipe } from 'mrrl'

// Frozen packages: made from the same kernel sources that build every Debian 13 machine, and small.
const deb = (arch: string, version: string) =>
  `debian:pool/main/c/cross-toolchain-base/linux-libc-dev-${arch}-cross_${version}-1cross1_all.deb`

export default defineRecipe({
  name: 'linux-headers',
  version: '6.12.38',
  summary: 'Kernel interface for the C library and for programs',
  license: 'GPL-2.0-only WITH Linux-syscall-note',
  homepage: 'https://www.kernel.org/',
  sources: ({ version }) => [
    {
      at: 'x86_64',
      from: [deb('amd64', version)],
      integrity: 'sha256-2kY93T7pazfDPxbamcR7A7TlFIiNPYU+cyU+5zvQ19g=',
      size: 2469744,
      strip: 0,
      include: ['usr/*/include/**'],
    },
    {
      at: 'aarch64',
      from: [deb('arm64', version)],
      integrity: 'sha256-/XfBP+3wVwOHMu8cT8Bu3XU9CAkv1fksRilVHx9phw8=',
      size: 2445712,
      strip: 0,
      include: ['usr/*/include/**'],
    },
  ],
  needs: { build: ['busybox-tools'] },
  build: {
    install: `
      mkdir -p "$OUT/usr"
      cp -R "$SRC/$ARCH/usr/$ARCH-linux-gnu/include" "$OUT/usr/include"`,
  },
  weight: 1,
})

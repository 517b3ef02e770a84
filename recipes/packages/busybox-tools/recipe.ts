import { defineRecipe } from 'mrrl'
import { busyboxUpdate } from '../busybox/update.ts'

export default defineRecipe({
  name: 'busybox-tools',
  version: '1.37.0',
  summary: 'Shell and core utilities in one static program, for the build side',
  license: 'GPL-2.0-only',
  homepage: 'https://busybox.net/',
  role: 'bootstrap',
  sources: ({ version }) => [
    {
      from: [
        `https://busybox.net/downloads/busybox-${version}.tar.bz2`,
        `debian:pool/main/b/busybox/busybox_${version}.orig.tar.bz2`,
      ],
      integrity: 'sha256-MxHf8y50ZJn03w1d8E1+s5Y4LX4Qi7klDntRm4NwQ6Q=',
      size: 2565764,
      exclude: ['docs/**', 'examples/**', 'testsuite/**', 'qemu_multiarch_testing/**', 'configs/**'],
    },
  ],
  update: busyboxUpdate,
  needs: { build: ['make'] },
  files: ['tools.config'],
  // Without it the banner would carry the time of the build.
  env: { KCONFIG_NOTIMESTAMP: '1' },
  build: {
    configure: `
      make -C "$SRC" O="$PWD" HOSTCC="$BUILD_CC" HOSTCFLAGS=-O1 gen_build_files
      # The first word on a symbol counts: what the file does not name is off, numbers and texts have their defaults.
      cp "$FILES/tools.config" .config
      find . "$SRC/Config.in" -name Config.in -exec sed -n 's/^config \\(.*\\)/# CONFIG_\\1 is not set/p' {} + >> .config
      yes '' | make -C "$SRC" O="$PWD" HOSTCC="$BUILD_CC" HOSTCFLAGS=-O1 oldconfig > oldconfig.log 2>&1
      # A misspelt symbol, or one whose condition is off, is a mistake.
      grep '^CONFIG_' "$FILES/tools.config" | while read -r line; do
        grep -qxF "$line" .config || { echo "$line has no effect" >&2; exit 1; }
      done`,
    // Speed counts on the build side: -O2 after BusyBox's own -Os.
    compile: `
      # A bare host has no bzip2, and what BusyBox packs with it, its own configuration, is not compiled in.
      mkdir stand-in
      printf '#!/bin/sh\\nexec cat\\n' > stand-in/bzip2
      chmod 755 stand-in/bzip2
      PATH=$PWD/stand-in:$PATH
      make -C "$SRC" O="$PWD" HOSTCC="$BUILD_CC" CROSS_COMPILE="\${BUILD_CC%gcc}" CONFIG_EXTRA_CFLAGS=-O2 SKIP_STRIP=y busybox`,
    install: `
      "$BUILD_STRIP" busybox
      mkdir -p "$OUT/tools/$NAME/bin"
      cp busybox "$OUT/tools/$NAME/bin/busybox"
      chmod 755 "$OUT/tools/$NAME/bin/busybox"
      cd "$OUT/tools/$NAME/bin"
      for applet in $(./busybox --list); do
        [ "$applet" = busybox ] || ln -s busybox "$applet"
      done`,
  },
  weight: 36,
})

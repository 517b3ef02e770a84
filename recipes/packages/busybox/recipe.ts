import { defineRecipe } from 'mrrl'
import { busyboxUpdate } from './update.ts'

export default defineRecipe({
  name: 'busybox',
  version: '1.37.0',
  summary: 'Shell and core utilities in one program, configured for containers',
  license: 'GPL-2.0-only',
  homepage: 'https://busybox.net/',
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
  needs: { build: ['make', 'busybox-tools'], target: ['glibc'], runtime: ['glibc'] },
  files: ['container.config'],
  // Without it the banner would carry the time of the build.
  env: { KCONFIG_NOTIMESTAMP: '1' },
  build: {
    configure: `
      make -C "$SRC" O="$PWD" HOSTCC="$BUILD_CC" HOSTCFLAGS=-O1 gen_build_files
      # The first word on a symbol counts: what the file does not name is off, numbers and texts have their defaults.
      cp "$FILES/container.config" .config
      find . "$SRC/Config.in" -name Config.in -exec sed -n 's/^config \\(.*\\)/# CONFIG_\\1 is not set/p' {} + >> .config
      yes '' | make -C "$SRC" O="$PWD" HOSTCC="$BUILD_CC" HOSTCFLAGS=-O1 oldconfig > oldconfig.log 2>&1
      # A misspelt symbol, or one whose condition is off, is a mistake.
      grep '^CONFIG_' "$FILES/container.config" | while read -r line; do
        grep -qxF "$line" .config || { echo "$line has no effect" >&2; exit 1; }
      done`,
    compile: `
      # From the environment, and as EXTRA_LDFLAGS, they would also reach 'ld -r', which knows no -pie.
      compile_flags=$CFLAGS
      link_flags=$LDFLAGS
      unset CFLAGS LDFLAGS
      # Else it links once more for each library to see whether it is needed, and each link optimises everything anew.
      libraries='-Wl,--no-as-needed -lm -lresolv -Wl,--as-needed'
      make -C "$SRC" O="$PWD" HOSTCC="$BUILD_CC" CC="$CC" CROSS_COMPILE="$TARGET-" SKIP_STRIP=y LDLIBS= \\
        CONFIG_EXTRA_CFLAGS="$compile_flags" CFLAGS_busybox="$link_flags $libraries" busybox busybox.links`,
    install: `
      "$STRIP" busybox
      mkdir -p "$OUT/bin" "$OUT/sbin" "$OUT/usr/bin" "$OUT/usr/sbin"
      cp busybox "$OUT/bin/busybox"
      chmod 755 "$OUT/bin/busybox"
      # Relative links, so that the tree works wherever it is unpacked.
      while read -r path; do
        case "$path" in
          /bin/busybox | /linuxrc) ;;
          /bin/*) ln -s busybox "$OUT$path" ;;
          /usr/*) ln -s ../../bin/busybox "$OUT$path" ;;
          /*) ln -s ../bin/busybox "$OUT$path" ;;
        esac
      done < busybox.links`,
  },
  timeout: 1200,
  weight: 60,
})

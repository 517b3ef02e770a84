import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'glibc-prebuilt',
  version: '2.17',
  summary: 'C library taken from the sysroot of a downloaded toolchain',
  license: 'LGPL-2.1-or-later',
  homepage: 'https://www.gnu.org/software/libc/',
  sources: () => [],
  build: {
    install: `
      mkdir -p "$OUT/lib"
      # Debian-style multilib folders do not exist here: everything is in lib, and lib64 is a link to it.
      cd /sysroot/lib
      for library in ld-* libc[.-]* libm[.-]* libdl[.-]* libpthread[.-]* librt[.-]* libutil[.-]* libresolv[.-]* \\
        libnss_files[.-]* libnss_dns[.-]* libcrypt[.-]* libgcc_s.so.1; do
        case "$library" in *.a | *.o | *.so.debug | *-gdb.py) continue ;; esac
        cp -d "$library" "$OUT/lib/"
      done
      # Linker scripts and links for the linker belong to the sysroot, not to an image.
      rm -f "$OUT"/lib/lib*.so.[!0-9]* "$OUT/lib/libc.so" "$OUT/lib/libgcc_s.so"
      for library in "$OUT"/lib/*; do
        [ -L "$library" ] || "$STRIP" --strip-unneeded "$library"
      done
      if [ "$ARCH" = x86_64 ]; then ln -s lib "$OUT/lib64"; fi`,
  },
  outputs: { runtime: ['lib/**', 'lib64'] },
  weight: 1,
})

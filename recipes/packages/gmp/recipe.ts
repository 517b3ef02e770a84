import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'gmp',
  version: '6.3.0',
  summary: 'Integer arithmetic for the cross compiler',
  license: 'LGPL-3.0-or-later OR GPL-2.0-or-later',
  homepage: 'https://gmplib.org/',
  role: 'tool',
  sources: ({ version }) => [
    {
      from: [`debian:pool/main/g/gmp/gmp_${version}+dfsg.orig.tar.xz`],
      integrity: 'sha256-vSlm5tJ395Mo6JSlqfO6P78u0r6B3vX0hiPjDCP7FXI=',
      size: 1870556,
      exclude: ['tests/**/*.c', 'demos/**/*.{c,h,y,l}', 'mpn/*/**/*.asm', 'ChangeLog*'],
    },
  ],
  update: { range: '^6.3', indexes: ['debian:gmp@trixie'] },
  needs: { build: ['make', 'busybox-tools', 'm4'] },
  // The repack has no manual, but configure still wants the folder's Makefile: the copy gets an empty one.
  env: { COPY_SOURCE: '1' },
  build: {
    // Plain C: the same for every host, and the compiler hardly notices the difference.
    configure: `
      mkdir -p "$SRC/doc"
      : > "$SRC/doc/Makefile.in"
      "$SRC/configure" --build="$BUILD_TRIPLE" --prefix="/tools/$NAME" --disable-shared --disable-assembly \\
        CC="$BUILD_CC" CC_FOR_BUILD="$BUILD_CC -std=gnu99" AR="$BUILD_AR" RANLIB="$BUILD_RANLIB" NM="$BUILD_NM" CFLAGS='-O1 -w -pipe'`,
    compile: 'make SUBDIRS="mpn mpz mpq mpf printf scanf rand"',
    install: `
      mkdir -p "$OUT/tools/$NAME/lib" "$OUT/tools/$NAME/include"
      cp .libs/libgmp.a "$OUT/tools/$NAME/lib/"
      cp gmp.h "$OUT/tools/$NAME/include/"`,
  },
  weight: 41,
})

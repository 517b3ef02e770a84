import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'mpfr',
  version: '4.2.2',
  summary: 'Floating-point arithmetic for the cross compiler',
  license: 'LGPL-3.0-or-later',
  homepage: 'https://www.mpfr.org/',
  role: 'tool',
  sources: ({ version }) => [
    {
      from: [
        `https://www.mpfr.org/mpfr-${version}/mpfr-${version}.tar.xz`,
        `debian:pool/main/m/mpfr4/mpfr4_${version}.orig.tar.xz`,
      ],
      integrity: 'sha256-tnugOD736KhWNzTi6InvXsPDuJigHQD6CmhprYHGzgE=',
      size: 1505596,
      exclude: ['tests/*.{c,h,dat}', 'doc/*.{texi,info,html,txt}', 'examples/**', 'ChangeLog'],
    },
  ],
  update: { range: '^4.2', indexes: ['https://ftp.gnu.org/gnu/mpfr/', 'debian:mpfr4@trixie'] },
  needs: { build: ['make', 'busybox-tools', 'gmp'] },
  build: {
    configure: `
      "$SRC/configure" --build="$BUILD_TRIPLE" --prefix="/tools/$NAME" --with-gmp=/tools/gmp --disable-shared \\
        --disable-dependency-tracking --disable-thread-safe \\
        CC="$BUILD_CC" AR="$BUILD_AR" RANLIB="$BUILD_RANLIB" NM="$BUILD_NM" CFLAGS='-O1 -w -pipe'`,
    compile: 'make -C src libmpfr.la',
    install: `
      mkdir -p "$OUT/tools/$NAME/lib" "$OUT/tools/$NAME/include"
      cp src/.libs/libmpfr.a "$OUT/tools/$NAME/lib/"
      cp "$SRC/src/mpfr.h" "$SRC/src/mpf2mpfr.h" "$OUT/tools/$NAME/include/"`,
  },
  weight: 26,
})

import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'mpc',
  version: '1.3.1',
  summary: 'Complex arithmetic for the cross compiler',
  license: 'LGPL-3.0-or-later',
  homepage: 'https://www.multiprecision.org/mpc/',
  role: 'tool',
  sources: ({ version }) => [
    {
      from: [
        `https://ftp.gnu.org/gnu/mpc/mpc-${version}.tar.gz`,
        `debian:pool/main/m/mpclib3/mpclib3_${version}.orig.tar.gz`,
      ],
      integrity: 'sha256-q2QkkvXPiCt0qgy3MM1BCoHtzb7IlRg86TDnBsHHWbg=',
      size: 773573,
      exclude: ['tests/*.{c,h,dat,dsc}', 'doc/*.{texi,info}', 'ChangeLog'],
    },
  ],
  update: { range: '^1.3', indexes: ['https://ftp.gnu.org/gnu/mpc/', 'debian:mpclib3@trixie'] },
  needs: { build: ['make', 'busybox-tools', 'gmp', 'mpfr'] },
  build: {
    configure: `
      "$SRC/configure" --build="$BUILD_TRIPLE" --prefix="/tools/$NAME" --with-gmp=/tools/gmp --with-mpfr=/tools/mpfr \\
        --disable-shared --disable-dependency-tracking \\
        CC="$BUILD_CC" AR="$BUILD_AR" RANLIB="$BUILD_RANLIB" NM="$BUILD_NM" CFLAGS='-O1 -w -pipe'`,
    compile: 'make -C src libmpc.la',
    install: `
      mkdir -p "$OUT/tools/$NAME/lib" "$OUT/tools/$NAME/include"
      cp src/.libs/libmpc.a "$OUT/tools/$NAME/lib/"
      cp "$SRC/src/mpc.h" "$OUT/tools/$NAME/include/"`,
  },
  weight: 8,
})

import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'isl',
  version: '0.27',
  summary: 'Integer sets, with which the cross compiler does Graphite',
  license: 'MIT',
  homepage: 'https://libisl.sourceforge.io/',
  role: 'tool',
  sources: ({ version }) => [
    {
      from: [
        `https://libisl.sourceforge.io/isl-${version}.tar.xz`,
        `debian:pool/main/i/isl/isl_${version}.orig.tar.xz`,
      ],
      integrity: 'sha256-bYurtZ57Zy6Mt4cOh08/e4E7bgDmrz+LBPdXmWVkPVw=',
      size: 2056436,
      exclude: ['test_inputs/**', 'doc/*.{pdf,tex,bib,pod}', 'ChangeLog'],
    },
  ],
  update: { range: '^0.27', indexes: ['https://libisl.sourceforge.io/', 'debian:isl@trixie'] },
  needs: { build: ['make', 'busybox-tools', 'gmp'] },
  build: {
    // Graphite is seldom used: compiling it quickly counts more than running it quickly.
    configure: `
      "$SRC/configure" --build="$BUILD_TRIPLE" --prefix="/tools/$NAME" --with-gmp-prefix=/tools/gmp --with-int=gmp \\
        --with-clang=no --disable-shared --disable-dependency-tracking \\
        CC="$BUILD_CC" CXX="$BUILD_CXX" CC_FOR_BUILD="$BUILD_CC" CXX_FOR_BUILD="$BUILD_CXX" \\
        AR="$BUILD_AR" RANLIB="$BUILD_RANLIB" NM="$BUILD_NM" CFLAGS='-O0 -w -pipe' CXXFLAGS=-w`,
    compile: 'make gitversion.h libisl.la',
    install: `
      mkdir -p "$OUT/tools/$NAME/lib" "$OUT/tools/$NAME/include/isl"
      cp .libs/libisl.a "$OUT/tools/$NAME/lib/"
      cp "$SRC"/include/isl/*.h include/isl/*.h "$OUT/tools/$NAME/include/isl/"`,
  },
  weight: 67,
})

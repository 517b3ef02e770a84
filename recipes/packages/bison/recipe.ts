import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'bison',
  version: '3.8.2',
  summary: 'GNU bison, which glibc needs',
  license: 'GPL-3.0-or-later',
  homepage: 'https://www.gnu.org/software/bison/',
  role: 'tool',
  sources: ({ version }) => [
    {
      from: [`debian:pool/main/b/bison/bison_${version}+dfsg.orig.tar.xz`],
      integrity: 'sha256-3/ijyW3TQSGCj2Kn+knh93ZYFbieWfVk6NKp5xwXe+U=',
      size: 2654920,
      exclude: [
        'tests/*.at',
        'examples/**/*.{c,cc,d,y,yy,l,ll,java,test}',
        'po/*.{po,gmo}',
        '*-po/*.{po,gmo}',
        'ChangeLog*',
      ],
    },
  ],
  update: { range: '^3.8', indexes: ['debian:bison@trixie'] },
  needs: { build: ['make', 'busybox-tools', 'm4'] },
  build: {
    // The program holds the path of m4, which is the same in every sandbox.
    configure: `
      "$SRC/configure" --build="$BUILD_TRIPLE" --prefix="/tools/$NAME" --disable-nls --disable-dependency-tracking \\
        --disable-threads CC="$BUILD_CC" AR="$BUILD_AR" RANLIB="$BUILD_RANLIB" CFLAGS='-O1 -w -pipe'`,
    // The program alone, with the headers that it must find made first: its manual and examples are not there.
    compile: `
      echo 'headers: $(filter lib/%,$(BUILT_SOURCES))' | make -f Makefile -f - headers
      make src/bison`,
    install: `
      "$BUILD_STRIP" src/bison
      mkdir -p "$OUT/tools/$NAME/bin" "$OUT/tools/$NAME/share"
      cp src/bison "$OUT/tools/$NAME/bin/bison"
      cp -R "$SRC/data" "$OUT/tools/$NAME/share/bison"`,
  },
  weight: 28,
})

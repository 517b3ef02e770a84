import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'gawk',
  version: '5.2.1',
  summary: 'GNU awk, which glibc needs',
  license: 'GPL-3.0-or-later',
  homepage: 'https://www.gnu.org/software/gawk/',
  role: 'tool',
  sources: ({ version }) => [
    {
      from: [`debian:pool/main/g/gawk/gawk_${version}.orig.tar.xz`],
      integrity: 'sha256-IzegKDsYDsG5xyeXOjR4HGR4s66by9zKCk3EmGHXWmU=',
      size: 2729896,
      exclude: [
        'test/*.{awk,ok,sh}',
        'doc/*.{eps,fig,jpg,pdf,png,txt}',
        '{vms,pc}/**',
        'po/*.{po,gmo}',
        '**/ChangeLog*',
      ],
    },
  ],
  update: { range: '^5.2', indexes: ['debian:gawk@trixie'] },
  needs: { build: ['make', 'busybox-tools'] },
  build: {
    configure: `
      "$SRC/configure" --build="$BUILD_TRIPLE" --prefix="/tools/$NAME" --disable-nls --disable-dependency-tracking \\
        --disable-extensions --disable-mpfr --disable-pma --without-readline --without-libsigsegv \\
        CC="$BUILD_CC" AR="$BUILD_AR" RANLIB="$BUILD_RANLIB" CFLAGS='-O1 -w -pipe'`,
    compile: `
      make -C support
      make gawk`,
    // Only under its own name: whoever asks for plain awk gets the one of busybox-tools.
    install: `
      "$BUILD_STRIP" gawk
      mkdir -p "$OUT/tools/$NAME/bin"
      cp gawk "$OUT/tools/$NAME/bin/gawk"`,
  },
  weight: 14,
})

import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'm4',
  version: '1.4.19',
  summary: 'GNU m4, which bison and gmp need',
  license: 'GPL-3.0-or-later',
  homepage: 'https://www.gnu.org/software/m4/',
  role: 'tool',
  sources: ({ version }) => [
    {
      from: [`https://ftp.gnu.org/gnu/m4/m4-${version}.tar.xz`, `debian:pool/main/m/m4/m4_${version}.orig.tar.xz`],
      integrity: 'sha256-Y67eXG0zttmxNRHNC+LKwEby5w/QoHqpVzoEqCeDr5Y=',
      size: 1654908,
      exclude: ['tests/*.c', 'tests/*.sh', 'doc/*.texi', 'doc/*.info*', 'po/*.po', 'po/*.gmo', 'ChangeLog*'],
    },
  ],
  update: { range: '^1.4', indexes: ['https://ftp.gnu.org/gnu/m4/', 'debian:m4@trixie'] },
  needs: { build: ['make', 'busybox-tools'] },
  files: ['seed.site'],
  build: {
    configure: `
      CONFIG_SITE="$FILES/seed.site" "$SRC/configure" --build="$BUILD_TRIPLE" --prefix="/tools/$NAME" --disable-nls \\
        --disable-dependency-tracking --disable-threads CC="$BUILD_CC" AR="$BUILD_AR" RANLIB="$BUILD_RANLIB" CFLAGS='-O1 -w -pipe'`,
    compile: `
      make -C lib
      make -C src`,
    install: `
      "$BUILD_STRIP" src/m4
      mkdir -p "$OUT/tools/$NAME/bin"
      cp src/m4 "$OUT/tools/$NAME/bin/m4"`,
  },
  weight: 12,
})

import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'make',
  version: '4.4.1',
  summary: 'GNU make, static, for the build side',
  license: 'GPL-3.0-or-later',
  homepage: 'https://www.gnu.org/software/make/',
  role: 'bootstrap',
  sources: ({ version }) => [
    {
      from: [`debian:pool/main/m/make-dfsg/make-dfsg_${version}.orig.tar.xz`],
      integrity: 'sha256-OxawDqEHmvn4CWu8cf98wAwkn8aoYgA9o8QjCKCtsP4=',
      size: 1125180,
      exclude: [
        'po/*.po',
        'po/*.gmo',
        'tests/scripts/**',
        'ChangeLog',
        '*.com',
        '*.bat',
        'README.*',
        'NEWS',
        'ABOUT-NLS',
      ],
    },
  ],
  update: { range: '^4.4', indexes: ['debian:make-dfsg@trixie'] },
  files: ['seed.site'],
  // The repack has no manual, but configure still wants the folder's Makefile: the copy gets an empty one.
  env: { COPY_SOURCE: '1' },
  build: {
    configure: `
      cd "$SRC"
      mkdir doc
      : > doc/Makefile.in
      # The archiver and the compiler are named, so that nothing of the host's can be found instead.
      CONFIG_SITE="$FILES/seed.site" ./configure --build="$BUILD_TRIPLE" --prefix="/tools/$NAME" --disable-nls \\
        --disable-dependency-tracking --without-guile --disable-load CC="$BUILD_CC" AR="$BUILD_AR" RANLIB="$BUILD_RANLIB" \\
        CFLAGS='-O2 -w' LDFLAGS=-static`,
    // There is no make yet: its own script compiles it.
    compile: 'sh ./build.sh',
    install: `
      "$BUILD_STRIP" make
      mkdir -p "$OUT/tools/$NAME/bin"
      cp make "$OUT/tools/$NAME/bin/make"
      chmod 755 "$OUT/tools/$NAME/bin/make"`,
  },
  weight: 8,
})

import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'zlib',
  version: '1.3.1',
  summary: 'Compression library',
  license: 'Zlib',
  homepage: 'https://www.zlib.net/',
  sources: ({ version }) => [
    {
      from: [`debian:pool/main/z/zlib/zlib_1.3.dfsg+really${version}.orig.tar.gz`],
      integrity: 'sha256-YN0xXAf2Foh8qgKUCDCKAYrOZuPRQnJql9sWSzuPafs=',
      size: 1325737,
      exclude: ['{amiga,contrib,doc,examples,msdos,nintendods,old,os400,qnx,test,watcom,win32}/**', 'ChangeLog'],
    },
  ],
  update: { range: '^1.3', indexes: ['debian:zlib@trixie'] },
  needs: { build: ['make', 'busybox-tools'], target: ['glibc'], runtime: ['glibc'] },
  build: {
    configure: `
      CHOST="$TARGET" "$SRC/configure" --prefix=/usr --libdir=/usr/lib --sharedlibdir=/usr/lib`,
    compile: 'make libz.a libz.so.$VERSION',
    install: `
      mkdir -p "$OUT/usr/lib/pkgconfig" "$OUT/usr/include"
      "$STRIP" -o "$OUT/usr/lib/libz.so.$VERSION" "libz.so.$VERSION"
      chmod 755 "$OUT/usr/lib/libz.so.$VERSION"
      ln -s "libz.so.$VERSION" "$OUT/usr/lib/libz.so.1"
      ln -s "libz.so.$VERSION" "$OUT/usr/lib/libz.so"
      cp libz.a "$OUT/usr/lib/"
      cp zlib.pc "$OUT/usr/lib/pkgconfig/"
      cp "$SRC/zlib.h" zconf.h "$OUT/usr/include/"`,
  },
})

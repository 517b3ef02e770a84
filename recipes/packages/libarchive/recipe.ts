import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'libarchive',
  version: '3.7.4',
  summary: 'Library that reads and writes archives',
  license: 'BSD-2-Clause',
  homepage: 'https://www.libarchive.org/',
  sources: ({ version }) => [
    {
      from: [`debian:pool/main/liba/libarchive/libarchive_${version}.orig.tar.xz`],
      integrity: 'sha256-+Id1XENKc2pgnL0o2H3b++nWo7tbcDwiwC9q+AqAJzU=',
      size: 5417660,
      exclude: ['{contrib,doc,examples}/**', '{tar,cpio,cat,unzip,libarchive,test_utils}/test/*.{c,h,uu}'],
    },
  ],
  update: { range: '^3.7', indexes: ['debian:libarchive@trixie'] },
  needs: { build: ['make', 'busybox-tools'], target: ['glibc', 'zlib'], runtime: ['glibc', 'zlib'] },
  build: {
    configure: `
      "$SRC/configure" --build="$BUILD_TRIPLE" --host="$TARGET" --prefix=/usr --libdir=/usr/lib --disable-static \\
        --disable-dependency-tracking --disable-bsdtar --disable-bsdcpio --disable-bsdcat --disable-bsdunzip \\
        --disable-acl --disable-xattr --with-zlib --without-bz2lib --without-cng --without-expat --without-iconv \\
        --without-libb2 --without-lz4 --without-lzma --without-lzo2 --without-mbedtls --without-nettle \\
        --without-openssl --without-xml2 --without-zstd`,
    compile: 'make libarchive.la',
    install: `
      make DESTDIR="$PWD/root" install-libLTLIBRARIES install-includeHEADERS install-pkgconfigDATA
      mkdir -p "$OUT/usr/lib"
      cp -P root/usr/lib/libarchive.so* "$OUT/usr/lib/"
      "$STRIP" "$OUT"/usr/lib/libarchive.so.*.*
      cp -R root/usr/lib/pkgconfig "$OUT/usr/lib/"
      cp -R root/usr/include "$OUT/usr/"`,
  },
})

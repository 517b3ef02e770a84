import { defineRecipe } from 'mrrl'

// Not built by us yet: its only source is upstream's download site, which could not be reached.
export default defineRecipe({
  name: 'opkg',
  version: '0.8.0',
  summary: 'Package manager',
  license: 'GPL-2.0-or-later',
  homepage: 'https://git.yoctoproject.org/opkg/',
  sources: ({ version }) => [
    {
      from: [`https://downloads.yoctoproject.org/releases/opkg/opkg-${version}.tar.gz`],
      integrity: 'sha256-WCpMniIMzgt9CKCRXJXbnySuQ603LtXULV7F9s1BPww=',
      size: 1048576, // the most: the exact size is not known to us
      exclude: ['tests/**', 'docs/**'],
    },
  ],
  update: { range: '^0.8', indexes: ['https://downloads.yoctoproject.org/releases/opkg/'] },
  needs: { build: ['make', 'busybox-tools'], target: ['glibc', 'zlib', 'libarchive'], runtime: ['libarchive'] },
  build: {
    // Named libraries instead of pkg-config; packages are fetched with the wget of BusyBox and solved by opkg itself.
    configure: `
      "$SRC/configure" --build="$BUILD_TRIPLE" --host="$TARGET" --prefix=/usr --libdir=/usr/lib --sysconfdir=/etc \\
        --localstatedir=/var --disable-static --disable-dependency-tracking \\
        --disable-curl --disable-ssl-curl --disable-gpg --disable-zstd --enable-sha256 --without-libsolv \\
        PKG_CONFIG=false LIBARCHIVE_CFLAGS=-I/sysroot/usr/include LIBARCHIVE_LIBS='-larchive -lz'`,
    compile: 'make',
    install: `
      make DESTDIR="$PWD/root" install
      mkdir -p "$OUT/usr/bin" "$OUT/usr/lib" "$OUT/etc/opkg" "$OUT/var/lib/opkg"
      "$STRIP" -o "$OUT/usr/bin/opkg" root/usr/bin/opkg
      chmod 755 "$OUT/usr/bin/opkg"
      for library in root/usr/lib/libopkg.so*; do
        [ -e "$library" ] || continue
        if [ -L "$library" ]; then
          cp -P "$library" "$OUT/usr/lib/"
        else
          "$STRIP" -o "$OUT/usr/lib/\${library##*/}" "$library"
          chmod 755 "$OUT/usr/lib/\${library##*/}"
        fi
      done
      {
        echo 'dest root /'
        echo 'option lists_dir /var/lib/opkg/lists'
        echo 'option info_dir /var/lib/opkg/info'
        echo 'option status_file /var/lib/opkg/status'
        echo 'option lock_file /run/opkg.lock'
        echo "arch all 1"
        echo "arch $ARCH 10"
      } > "$OUT/etc/opkg/opkg.conf"`,
  },
})

import { defineRecipe } from 'mrrl'
import { binutilsUpdate } from './update.ts'

export default defineRecipe({
  name: 'binutils',
  version: '2.44',
  summary: 'Assembler, linker and tools for object files',
  license: 'GPL-3.0-or-later',
  homepage: 'https://www.gnu.org/software/binutils/',
  sources: ({ version }) => [
    {
      from: [`debian:pool/main/b/binutils/binutils_${version}.orig.tar.xz`],
      integrity: 'sha256-xBoCckJPQbsBv4KOf/7xstWdF4gGT9a18dlxcX6TILg=',
      size: 27504768,
      exclude: [
        '{gdb,gdbserver,gdbsupport,sim,gprof,gprofng,gold,readline,libbacktrace,elfcpp,texinfo}/**',
        '{gas,ld,libctf}/testsuite/**',
        'binutils/testsuite/*/**',
        '**/po/*.{po,gmo,pot}',
        '**/ChangeLog*',
      ],
    },
  ],
  update: binutilsUpdate,
  needs: { build: ['make', 'busybox-tools'], target: ['glibc'], runtime: ['glibc'] },
  build: {
    // There is no C++ compiler, and none is needed but for questions that configure asks.
    // Only shared libraries: libtool would compile every file twice, and the programs would each hold libbfd.
    configure: `
      # Messages of internal errors name their source file.
      map="-fmacro-prefix-map=$SRC/="
      if $CC "$map" -E -x c /dev/null > /dev/null 2>&1; then export CFLAGS="$CFLAGS $map"; fi
      export CXX="$CC -x c" CXXCPP="$CC -x c -E"
      "$SRC/configure" --build="$BUILD_TRIPLE" --host="$TARGET" --target="$TARGET" --prefix=/usr --libdir=/usr/lib \\
        --enable-shared --disable-static --disable-nls --disable-multilib --disable-gdb --disable-sim --disable-gprof \\
        --disable-gprofng --disable-gold --disable-werror --disable-libctf --enable-plugins \\
        --enable-deterministic-archives --enable-relro --enable-separate-code --enable-hash-style=gnu \\
        --with-zstd=no --without-debuginfod --without-msgpack --disable-dependency-tracking MAKEINFO=true \\
        CC_FOR_BUILD="$BUILD_CC -std=gnu99"`,
    compile: 'make MAKEINFO=true all-binutils all-gas all-ld',
    install: `
      make MAKEINFO=true DESTDIR="$PWD/root" install-bfd install-opcodes install-libsframe install-binutils install-gas \\
        install-ld
      mkdir -p "$OUT/usr/bin" "$OUT/usr/lib" "$OUT/usr/include"
      for tool in addr2line ar as c++filt ld nm objcopy objdump ranlib readelf size strings strip; do
        "$STRIP" -o "$OUT/usr/bin/$tool" "root/usr/bin/$tool"
        chmod 755 "$OUT/usr/bin/$tool"
      done
      for library in root/usr/lib/lib*.so*; do
        if [ -L "$library" ]; then
          cp -P "$library" "$OUT/usr/lib/"
        else
          "$STRIP" -o "$OUT/usr/lib/\${library##*/}" "$library"
          chmod 755 "$OUT/usr/lib/\${library##*/}"
        fi
      done
      cp root/usr/include/*.h "$OUT/usr/include/"`,
  },
  // Their version is in their name: not links for the linker, but what the programs load.
  outputs: { runtime: ['usr/lib/libbfd-*.so', 'usr/lib/libopcodes-*.so'] },
  timeout: 1800,
  weight: 150,
})

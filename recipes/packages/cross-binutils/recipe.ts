import { defineRecipe } from 'mrrl'
import { binutilsUpdate } from '../binutils/update.ts'

export default defineRecipe({
  name: 'cross-binutils',
  version: '2.44',
  summary: 'Assembler and linker of the cross toolchain',
  license: 'GPL-3.0-or-later',
  homepage: 'https://www.gnu.org/software/binutils/',
  role: 'cross',
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
  needs: { build: ['make', 'busybox-tools'] },
  build: {
    // No shared libraries: libtool would compile every file twice. The linker stays dynamic to load the LTO plugin.
    configure: `
      "$SRC/configure" --build="$BUILD_TRIPLE" --host="$BUILD_TRIPLE" --target="$TARGET" --prefix=/cross \\
        --with-sysroot=/sysroot --disable-nls --disable-multilib --disable-shared --disable-gdb --disable-sim \\
        --disable-gprof --disable-gprofng --disable-gold --disable-werror --disable-libctf --enable-plugins \\
        --enable-deterministic-archives --enable-relro --enable-separate-code --enable-hash-style=gnu --with-zstd=no \\
        --disable-dependency-tracking MAKEINFO=true \\
        CC="$BUILD_CC" CXX="$BUILD_CXX" AR="$BUILD_AR" RANLIB="$BUILD_RANLIB" NM="$BUILD_NM" LD="$BUILD_LD" \\
        CFLAGS='-O1 -w -pipe' CXXFLAGS='-O1 -w -pipe'`,
    compile: 'make MAKEINFO=true all-binutils all-gas all-ld',
    install: `
      make MAKEINFO=true DESTDIR="$OUT" install-strip-binutils install-strip-gas install-strip-ld
      rm -r "$OUT/cross/share"
      # Hard links of the same programs: a tree knows none, so that they would count twice.
      cd "$OUT/cross/$TARGET/bin"
      for tool in *; do ln -sf "../../bin/$TARGET-$tool" "$tool"; done`,
  },
  timeout: 1200,
  weight: 81,
})

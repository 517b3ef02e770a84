import { defineRecipe } from 'mrrl'
import { gccSource, gccUpdate } from './source.ts'

export default defineRecipe({
  name: 'cross-gcc',
  version: '14.2.0',
  summary: 'C compiler of the cross toolchain, with link-time optimisation and Graphite',
  license: 'GPL-3.0-or-later WITH GCC-exception-3.1',
  homepage: 'https://gcc.gnu.org/',
  role: 'cross',
  sources: ({ version }) => [gccSource(version)],
  update: gccUpdate,
  needs: { build: ['make', 'busybox-tools', 'cross-binutils', 'gmp', 'mpfr', 'mpc', 'isl'] },
  files: ['often-run'],
  build: {
    // The linker for the target must be found now: else configure concludes that it can do next to nothing.
    configure: `
      "$SRC/configure" --build="$BUILD_TRIPLE" --host="$BUILD_TRIPLE" --target="$TARGET" --prefix=/cross \\
        --with-sysroot=/sysroot --without-headers --with-newlib --with-glibc-version=2.41 \\
        --with-gmp=/tools/gmp --with-mpfr=/tools/mpfr --with-mpc=/tools/mpc --with-isl=/tools/isl \\
        --enable-languages=c,lto --enable-lto --enable-default-pie --enable-checking=release --enable-threads=posix \\
        --enable-initfini-array --enable-gnu-unique-object --with-linker-hash-style=gnu \\
        --disable-bootstrap --disable-multilib --disable-nls --disable-plugin --disable-gcov --disable-analyzer \\
        --disable-decimal-float --disable-libssp --disable-libquadmath --disable-libgomp --disable-libatomic \\
        --disable-libsanitizer --disable-libvtv --disable-libstdcxx --disable-libcc1 --disable-fixincludes \\
        CC="$BUILD_CC" CXX="$BUILD_CXX" AR="$BUILD_AR" RANLIB="$BUILD_RANLIB" NM="$BUILD_NM" LD="$BUILD_LD" \\
        MAKEINFO=true CFLAGS='-O1 -w -pipe' CXXFLAGS='-O1 -w -pipe'
      # Hooks of languages that are left out are generated all the same.
      mkdir -p gcc/d gcc/rust gcc/jit`,
    // Only what compiles and links: no self tests, no manuals, no header fixing, no lto-dump.
    compile: `
      make TARGET-gcc=config.h MAKEINFO=true all-gcc
      often=$(sed '/^#/d; s/[^ ][^ ]*/&.o/g' "$FILES/often-run" | tr '\\n' ' ')
      make -C gcc COVERAGE_FLAGS="\\$(if \\$(filter build/% $often,\\$@),-O2,-O0)" LTO_DUMP_EXE= MAKEINFO=true \\
        LDFLAGS='-static-libstdc++ -static-libgcc' native gcc-cross cpp specs libgcc-support
      # A first libgcc without a C library, for the C library alone.
      make TARGET-gcc=config.h MAKEINFO=true CFLAGS_FOR_TARGET=-O2 configure-target-libgcc
      make -C "$TARGET/libgcc" enable_shared=no thread_header=gthr-single.h LIBGCC2_DEBUG_CFLAGS=`,
    // LIMITS_H_TEST: the C library that is to come has a limits.h, to which the compiler's own must go on.
    install: `
      rm gcc/stmp-int-hdrs gcc/include/limits.h
      make -C gcc DESTDIR="$OUT" STMP_FIXINC= LIMITS_H_TEST=true install-headers install-cpp install-driver \\
        install-lto-wrapper install-gcc-ar
      make -C lto-plugin DESTDIR="$OUT" install
      programs=$OUT/cross/libexec/gcc/$TARGET/$VERSION
      cp gcc/cc1 gcc/lto1 gcc/collect2 "$programs/"
      # For ar, nm and ranlib by their plain names, which otherwise see nothing in objects for link-time optimisation.
      mkdir -p "$OUT/cross/lib/bfd-plugins"
      ln -s "../../libexec/gcc/$TARGET/$VERSION/liblto_plugin.so" "$OUT/cross/lib/bfd-plugins/"
      rm -rf "$OUT/cross/share" "$OUT/cross/include" "$OUT/cross/bin/$TARGET-gcc-$VERSION"
      find "$OUT" -name '*.la' -delete
      find "$OUT/cross/bin" "$programs" -type f -exec "$BUILD_STRIP" {} +
      # Out of the compiler's own path: everything but the C library links with the libgcc of the package libgcc.
      mkdir -p "$OUT/cross/lib/first"
      cp "$TARGET"/libgcc/libgcc.a "$TARGET"/libgcc/crt*.o "$OUT/cross/lib/first/"
      "$TARGET-strip" -g "$OUT"/cross/lib/first/*
      "$TARGET-ar" cr "$OUT/cross/lib/first/libgcc_eh.a"
      # What a later build of libgcc asks the compiler's build folder for.
      mkdir -p "$OUT/cross/lib/libgcc-build"
      cd gcc
      cp libgcc.mvars auto-host.h tconfig.h tm.h options.h insn-constants.h insn-modes.h version.h \\
        "$OUT/cross/lib/libgcc-build/"`,
  },
  timeout: 7200,
  weight: 600,
})

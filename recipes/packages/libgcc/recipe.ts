import { defineRecipe } from 'mrrl'
import { gccSource, gccUpdate } from '../cross-gcc/source.ts'

export default defineRecipe({
  name: 'libgcc',
  version: '14.2.0',
  summary: "The compiler's runtime, built against the finished C library",
  license: 'GPL-3.0-or-later WITH GCC-exception-3.1',
  homepage: 'https://gcc.gnu.org/',
  sources: ({ version }) => [gccSource(version)],
  update: gccUpdate,
  needs: {
    build: ['make', 'busybox-tools', 'cross-binutils', 'cross-gcc'],
    target: ['linux-headers', 'glibc'],
    runtime: ['glibc'],
  },
  build: {
    // libgcc asks the build folder of the compiler, its neighbour, for what the compiler knows of the target.
    configure: `
      unset CFLAGS CXXFLAGS CPPFLAGS LDFLAGS
      mkdir -p gcc/include "$TARGET/libgcc"
      cp /cross/lib/libgcc-build/* gcc/
      cd "$TARGET/libgcc"
      "$SRC/libgcc/configure" --build="$BUILD_TRIPLE" --host="$TARGET" --prefix=/usr --libdir=/usr/lib \\
        --with-slibdir=/lib --enable-shared --disable-multilib --disable-decimal-float --disable-nls \\
        CC="$CC -B/cross/lib/first/" CFLAGS=-O2`,
    compile: 'make LIBGCC2_DEBUG_CFLAGS=',
    install: `
      mkdir -p "$OUT/lib" "$OUT/usr/lib"
      "$STRIP" -o "$OUT/lib/libgcc_s.so.1" libgcc_s.so.1
      chmod 755 "$OUT/lib/libgcc_s.so.1"
      cp libgcc.a libgcc_eh.a crtbegin.o crtbeginS.o crtbeginT.o crtend.o crtendS.o "$OUT/usr/lib/"
      "$STRIP" -g "$OUT"/usr/lib/*.a "$OUT"/usr/lib/*.o
      # Programs that want the shared one also want what only the static one has.
      echo 'GROUP ( /lib/libgcc_s.so.1 -lgcc )' > "$OUT/usr/lib/libgcc_s.so"`,
  },
  outputs: { dev: ['usr/lib/**'] },
  weight: 43,
})

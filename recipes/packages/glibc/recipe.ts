import { defineRecipe } from 'mrrl'

export default defineRecipe({
  name: 'glibc',
  version: '2.41',
  summary: 'The C library',
  license: 'LGPL-2.1-or-later WITH GCC-exception-2.0',
  homepage: 'https://www.gnu.org/software/libc/',
  sources: ({ version }) => [
    {
      from: [`debian:pool/main/g/glibc/glibc_${version}.orig.tar.xz`],
      integrity: 'sha256-8kqkQQIRIaeSZvDXUkJwbKuIQ6R5Af7+dFJ0kYB/GZg=',
      size: 20323540,
      exclude: [
        '{benchtests,conform,localedata,htl,hurd,mach,advisories}/*/**',
        'localedata/*.{c,h,input}',
        'ChangeLog.old/**',
        'iconvdata/*.{c,h}',
        '*/tst-*',
        '*/test-*',
        'sysdeps/{alpha,arc,arm,csky,hppa,loongarch,m68k,microblaze,mips,or1k,powerpc,riscv,s390,sh,sparc}/**',
        'sysdeps/{hurd,mach,htl}/**',
        'sysdeps/unix/sysv/linux/{alpha,arc,arm,csky,hppa,loongarch,m68k,microblaze,mips,or1k}/**',
        'sysdeps/unix/sysv/linux/{powerpc,riscv,s390,sh,sparc}/**',
      ],
    },
  ],
  update: { range: '~2.41', indexes: ['debian:glibc@trixie'] },
  needs: {
    build: ['make', 'busybox-tools', 'gawk', 'bison', 'm4', 'cross-binutils', 'cross-gcc'],
    target: ['linux-headers'],
    runtime: ['libgcc'],
  },
  files: ['instead-of-python'],
  env: { OPTIMIZE: '-O2' },
  build: {
    configure: `
      # The library chooses its own hardening; of the profile's flags it takes the processor's.
      flags="$OPTIMIZE -pipe"
      for flag in $CFLAGS; do
        case "$flag" in -m*) flags="$flags $flag" ;; esac
      done
      unset CFLAGS CXXFLAGS CPPFLAGS LDFLAGS CXX
      # /lib, not /lib64: there is one architecture in an image. The first libgcc is out of the compiler's own path.
      "$SRC/configure" --build="$BUILD_TRIPLE" --host="$TARGET" --prefix=/usr --libdir=/usr/lib \\
        --with-headers=/sysroot/usr/include --enable-kernel="$KERNEL_MIN" \\
        --enable-bind-now --enable-stack-protector=strong --enable-fortify-source \\
        --disable-profile --disable-werror --disable-nscd --disable-mathvec --disable-timezone-tools --without-selinux \\
        CC="$CC -B/cross/lib/first/" CXX= CFLAGS="$flags" PYTHON_PROG="sh $FILES/instead-of-python" \\
        libc_cv_slibdir=/lib libc_cv_rtlddir=/lib libc_cv_rootsbindir=/sbin ac_cv_prog_MSGFMT=`,
    // Shared objects only, of the folders that the libraries come from: no static library, no programs, no converters,
    // no locales.
    compile: `
      folders='csu assert ctype locale intl catgets math setjmp signal stdlib stdio-common libio malloc string wcsmbs'
      folders="$folders time dirent posix io termios resource misc socket sysvipc gmon gnulib iconv wctype argp rt debug"
      build() { make -s -r CXX= object-suffixes=.os all-subdirs="$folders dlfcn elf" objdir="$PWD" "$@"; }
      build -C "$SRC" lib
      for library in math/libm resolv/libresolv resolv/libanl resolv/libnss_dns nss/libnss_files nss/libnss_compat \\
        dlfcn/libdl nptl/libpthread rt/librt login/libutil; do
        build -C "$SRC/\${library%/*}" subdir="\${library%/*}" ..=../ "$PWD/$library.so"
      done`,
    install: `
      build -C "$SRC" install_root="$OUT" install-headers
      # Functions that only fail, as gnu/stubs.h names them.
      {
        echo '/* Functions that this system does not have. */'
        find . -name '*.os' -exec "$OBJDUMP" -h {} + |
          sed -n 's/.* \\.gnu\\.glibc-stub\\.\\([^ ]*\\).*/#define __stub_\\1/p' | sort -u
      } > "$OUT/usr/include/gnu/stubs.h"
      mkdir -p "$OUT/lib" "$OUT/usr/lib"
      # Programs name /lib64/ld-linux-x86-64.so.2.
      ln -s lib "$OUT/lib64"
      for library in elf/ld libc math/libm resolv/libresolv resolv/libanl resolv/libnss_dns nss/libnss_files \\
        nss/libnss_compat dlfcn/libdl nptl/libpthread rt/librt login/libutil; do
        soname=$("$READELF" -d "$library.so" | sed -n 's/.*SONAME.*\\[\\(.*\\)\\]/\\1/p')
        "$STRIP" -o "$OUT/lib/$soname" "$library.so"
        chmod 755 "$OUT/lib/$soname"
        [ "$library" != elf/ld ] || loader=$soname
      done
      cp csu/crt1.o csu/Scrt1.o csu/crti.o csu/crtn.o libc_nonshared.a "$OUT/usr/lib/"
      echo "GROUP ( /lib/libc.so.6 /usr/lib/libc_nonshared.a AS_NEEDED ( /lib/$loader ) )" > "$OUT/usr/lib/libc.so"
      ln -s ../../lib/libm.so.6 "$OUT/usr/lib/libm.so"
      ln -s ../../lib/libresolv.so.2 "$OUT/usr/lib/libresolv.so"
      # Their functions are in libc; a program may still name them when it is linked.
      for name in anl dl pthread rt util; do "$AR" cr "$OUT/usr/lib/lib$name.a"; done`,
  },
  outputs: { dev: ['usr/lib/**', 'usr/include/**'] },
  timeout: 3600,
  weight: 113,
})

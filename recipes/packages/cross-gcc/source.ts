import type { SourceInput, UpdateInput } from 'mrrl'

/** The one source of the compiler and of its runtime, cut the same way for both, so that it is unpacked once. */
export const gccSource = (version: string): SourceInput => ({
  from: [`debian:pool/main/g/gcc-14/gcc-14_${version}.orig.tar.gz`],
  integrity: 'sha256-4WKl7z8Ad+yuWYxlVpCNKrgIQVMt8zmAcqlqbfbmqik=',
  size: 94299633,
  inner: `gcc-14-${version}/gcc-${version}-dfsg.tar.xz`,
  // What is not there is not configured: other languages (but C++, whose tree codes the middle of the compiler knows),
  // other processors, other libraries.
  include: [
    '*',
    'config/**',
    'gcc/*',
    'gcc/{analyzer,c,c-family,common,cp,ginclude,lto,rtl-ssa,text-art}/**',
    'gcc/*/*-target.def',
    'gcc/config/*',
    'gcc/config/{aarch64,arm,i386}/**',
    'include/**',
    'libbacktrace/**',
    'libcpp/**',
    'libdecnumber/**',
    'libgcc/*',
    'libgcc/config/*',
    'libgcc/config/{aarch64,arm,i386,ia64,libbid}/**',
    'libgcc/soft-fp/**',
    'libiberty/**',
    'lto-plugin/**',
    'zlib/*',
  ],
  exclude: ['**/ChangeLog*', '**/po/**', '**/*.texi', '**/*.info', 'libiberty/testsuite/*.{c,exp}'],
})

/** GCC counts releases with bugs corrected by the second number. */
export const gccUpdate: UpdateInput = { range: '^14.2', indexes: ['debian:gcc-14@trixie'] }

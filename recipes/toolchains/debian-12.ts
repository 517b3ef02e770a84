import { defineToolchain } from 'mrrl'

/** After the last release of Debian 12 with these files: the dated archive keeps them when a mirror no longer does. */
const SNAPSHOT = '20260712T000000Z'

/** Parts that no build uses, and links to absolute paths, which no source may have. */
const UNUSED = [
  'etc/**',
  'usr/share/**',
  'usr/bin/{cpp,g++,gcc,gcc-*,gcov*,lto-dump}-12',
  'usr/bin/*-{dwp,gcov-*,gold,gp-*,gprof,gprofng,ld.gold,lto-dump-12}',
  'usr/lib/gcc/x86_64-linux-gnu/12/plugin/**',
  'usr/lib/gcc/x86_64-linux-gnu/12/lib{asan,atomic,cc1,gomp,itm,lsan,quadmath,tsan,ubsan}*',
  'usr/lib/x86_64-linux-gnu/gconv/**',
  'usr/lib/x86_64-linux-gnu/lib{BrokenLocale,anl,c_malloc_debug,crypt,mvec,nss_*,resolv,thread_db}.so',
  'lib64/ld-linux-x86-64.so.2',
]

const deb = (path: string, size: number, sha256: string) => ({
  from: [`debian:pool/main/${path}_amd64.deb@${SNAPSHOT}`],
  integrity: `sha256-${sha256}`,
  size,
  strip: 0,
  exclude: UNUSED,
})

/** GCC 12 as Debian 12 packages it: another first compiler, for `mrrl verify --seed debian-12`. */
export default defineToolchain({
  kind: 'system',
  name: 'debian-12',
  gcc: '12.2.0',
  license: 'GPL-3.0-or-later WITH GCC-exception-3.1',
  homepage: 'https://www.debian.org/releases/bookworm/',
  triple: 'x86_64-linux-gnu',
  sources: [
    deb('g/gcc-12/cpp-12_12.2.0-14+deb12u1', 9767788, '/tu5jod63eg8mDxgcVN+olrFKyd6xuRjfYUCWUnKFFQ='),
    deb('g/gcc-12/gcc-12_12.2.0-14+deb12u1', 19268852, 'tG8zzC7CReQ14EOAcDjOz0sgHvAEgA6d/BRVJANg5J0='),
    deb('g/gcc-12/g++-12_12.2.0-14+deb12u1', 10694076, 'aLGCutrkrOfUcvE5PFWdNTKpWi1wgXSYsQu0gdJiclE='),
    deb('g/gcc-12/libgcc-12-dev_12.2.0-14+deb12u1', 2437204, '1yAlk4CoTy/8b+UW7/XL6cigBROOjWpXSHR7pLNASoI='),
    deb('g/gcc-12/libstdc++-12-dev_12.2.0-14+deb12u1', 2047292, '0o3vbCNjBDK1fLOKTC/WennU4EhAJzhspujWAFw9enM='),
    deb('g/gcc-12/libgcc-s1_12.2.0-14+deb12u1', 49856, 'MBbmLLS3zYA4gihwYB9e0TG+/pQndND3RWIsx32KiPc='),
    deb('g/gcc-12/libstdc++6_12.2.0-14+deb12u1', 612604, 'XNMXEhbUqw/JEc/pw1UJvy3Y9HdhxDt/akKWcBVRok0='),
    deb('b/binutils/binutils-x86-64-linux-gnu_2.40-2', 2245848, 'LX6opXDXaCJNfyQkq75vNz0hVIZaH6f1bIDUPs9JJSE='),
    deb('b/binutils/libbinutils_2.40-2', 572104, '/PVbmeX4p488jOm2lX8QJPOUzyDBlrEA0wilfkNUdxA='),
    deb('b/binutils/libctf0_2.40-2', 89796, 'P7e28ya+P65Kh6PTO5JpvQbB5DRqJL1zfyZQZ+O3Qn8='),
    deb('b/binutils/libctf-nobfd0_2.40-2', 153384, '7x388i3kHqkOvT1QVEfMzNmZ6WuFqnd6HX2YHcOzR6o='),
    deb('g/glibc/libc6_2.36-9+deb12u14', 2759320, 'uk+I9z28OukFXzwg9FI7/brxrRP/leJYkk930gtPvt8='),
    deb('g/glibc/libc6-dev_2.36-9+deb12u14', 1903668, 'Ahj8K+/NeEwbDGKSwKE3zon60FTvqlea0IO+4PLAGq4='),
    deb('l/linux/linux-libc-dev_6.1.176-1', 2303828, 'i7JYc1ud/7sRHad4690CR1CHjkNf/Z38rctnYu3mtM8='),
    deb('libx/libxcrypt/libcrypt1_4.4.33-2', 89464, '9fYKXN/U5OqpQ4reUHild0Gnp41ln8sMcBIE9SPovSk='),
    deb('libx/libxcrypt/libcrypt-dev_4.4.33-2', 118144, 'gczSkTD3Wp462ryA5hkhq/9C92dh4feS+i0btpr39S8='),
    deb('g/gmp/libgmp10_6.2.1+dfsg1-1.1', 562588, 'GHrt7y7XY/QlweUjdTuXGWd2M8fu3mYEAXOenIk0gr0='),
    deb('i/isl/libisl23_0.25-1.1', 683060, '6/8LL4siDHQiQZdSMBk2bpfuR3DUZL68SOSGURTk2g4='),
    deb('j/jansson/libjansson4_2.14-2', 40788, 'P8l0L58aN7y5kx32B0tNFINBnvgyrVNJ9HMj51/CeGQ='),
    deb('m/mpclib3/libmpc3_1.3.1-1', 51480, '1/eVRHkORPmwyMuQNKGMWNN/hwKhXzJTkFBxhnnlL4A='),
    deb('m/mpfr4/libmpfr6_4.2.0-1', 700900, 'N7eitOeIkLagdHd/J7lshPWOgVWLoIQQwrbAykpK13s='),
    deb('libz/libzstd/libzstd1_1.5.4+dfsg2-5', 290036, 'YxW1rDi3JKcQ+5a/EEIBk5jLZWcYsVIieaUYXtOTGPo='),
    deb('z/zlib/zlib1g_1.2.13.dfsg-1', 86684, '190dFBH+3yf14nZQpu/yDvKUB3tWj0yMXlFGbcfAjOQ='),
  ],
  utilities: [
    deb('d/dash/dash_0.5.12-2', 91848, 'M+pABh2i8ahh7EYhKytqNPB3agSbGj8KvOL7jLmUJY8='),
    deb('c/coreutils/coreutils_9.1-1', 2896560, 'YQOPhX40boUArfU6KgoghZ9NOjtRVwzIdrFTotUaMJE='),
    deb('d/diffutils/diffutils_3.8-4', 351740, 'i9/twUwQNeN1Dp8FWsnB7Nm10F2ebcZGbE6SN+70B90='),
    deb('f/findutils/findutils_4.9.0-4', 635500, 'Xdhr0K9Kpz8Gff1rgzndho8t2EBWqnnbKdEgbU+8XgQ='),
    deb('g/grep/grep_3.8-5', 421444, 'MmSs6nKN88SKVPIOkpG5ZRMOMGudAK2sdmRwSdpxlt8='),
    deb('m/mawk/mawk_1.3.4.20200120-3.1', 119144, 'vLyD85GFTqnVDOKkEBqs8zDeO4tx2Bp5j6rboUoVf3g='),
    deb('s/sed/sed_4.9-1+deb12u1', 329092, '/VV+/u6KrkYZwst/aKrcy4BDIq1KmasEiqrlkB0lOIU='),
    deb('a/acl/libacl1_2.3.1-3', 31488, 'i+nfV5URS/6Q4r49II70el7dP8ez4g04ell0htRE5eI='),
    deb('a/attr/libattr1_2.5.1-4', 22164, 'xJRRI9ZtBQO6QuL8BYWrx20IOJeMbSd7nMN6TaJdGjQ='),
    deb('p/pcre2/libpcre2-8-0_10.42-1', 260776, 'Aw21T012zf4r8OjrX57+oCM6s8eqlC1nLHtjtS26+TU='),
    deb('libs/libselinux/libselinux1_3.4-1+b6', 73720, 'Kwf1KHuRBfQBWLVuTXDMFlLaxWpAjzUHtKs9Bh7tQl8='),
  ],
  links: {
    'lib64/ld-linux-x86-64.so.2': '../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
    'usr/bin/awk': 'mawk',
    'usr/bin/x86_64-linux-gnu-g++': 'x86_64-linux-gnu-g++-12',
    'usr/bin/x86_64-linux-gnu-gcc': 'x86_64-linux-gnu-gcc-12',
    // Where the compiler looks for them before it looks in PATH.
    'usr/x86_64-linux-gnu/bin/as': '../../bin/x86_64-linux-gnu-as',
    'usr/x86_64-linux-gnu/bin/ld': '../../bin/x86_64-linux-gnu-ld',
  },
})

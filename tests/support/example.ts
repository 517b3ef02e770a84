import { armCalls, codeLike, noise } from './bytes.ts'
import { ImageBuilder } from './image.ts'

const MIB = 2 ** 20

/** A small root filesystem with everything that readers disagree about: the same every time. */
export function exampleTree(): ImageBuilder {
  return new ImageBuilder()
    .directory('bin')
    .file('bin/busybox', codeLike(200_000), { mode: 0o755 })
    .symlink('bin/sh', 'busybox')
    .file('bin/su', codeLike(40_000, 5), { mode: 0o4755 })
    .directory('dev')
    .device('dev/null', 'char', 1, 3, { mode: 0o666 })
    .device('dev/sda1', 'block', 8, 1, { mode: 0o660, gid: 6 })
    .directory('empty', { mode: 0o700 })
    .directory('etc')
    .file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n')
    .file('etc/shadow', 'root:*:::::::\n', { mode: 0o600, gid: 42 })
    .file('etc/zero', '', { mode: 0 })
    .directory('home')
    .directory('home/user', { uid: 1000, gid: 1000, mode: 0o2750 })
    .file('home/user/big id', 'x', { uid: 300_000, gid: 2 ** 32 - 2 })
    .directory('lib')
    .file('lib/libc.so.6', Buffer.concat([codeLike(500_000, 3), Buffer.alloc(3 * MIB), noise(10_000)]), {
      mode: 0o755,
    })
    .file('lib/arm.so', armCalls(300_000))
    .file('lib/copy', codeLike(200_000))
    .symlink('lib64', 'lib')
    .directory('tmp', { mode: 0o1777 })
    .directory('usr')
    .directory(`usr/${'long'.repeat(40)}`)
    .file(`usr/${'long'.repeat(40)}/${'name'.repeat(40)}`, 'deep')
    .file('usr/größe', 'ü')
    .file('usr/zeros', Buffer.alloc(3 * MIB))
}

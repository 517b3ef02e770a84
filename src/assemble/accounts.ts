import type { Group, User } from '../model/profile.ts'

/** Text of `/etc/passwd`: passwords are in shadow. See passwd(5). */
export function passwdText(users: readonly User[]): string {
  return lines(
    users.map(({ name, uid, gid, gecos, home, shell }) => `${name}:x:${uid}:${gid}:${gecos}:${home}:${shell}`),
  )
}

/** Text of `/etc/group`; see group(5). */
export function groupText(groups: readonly Group[]): string {
  return lines(groups.map(({ name, gid, members }) => `${name}:x:${gid}:${members.join(',')}`))
}

/** Text of `/etc/shadow`: every account is locked, and no date is in it. See shadow(5). */
export function shadowText(users: readonly User[]): string {
  return lines(users.map(({ name }) => `${name}:*:::::::`))
}

/**
 * Text of `/etc/nsswitch.conf`. Without it glibc asks its built-in defaults, and Go programs look for names in DNS
 * before `/etc/hosts`.
 */
export const NSSWITCH_TEXT: string = lines([
  'passwd: files',
  'group: files',
  'shadow: files',
  'hosts: files dns',
  'networks: files',
  'protocols: files',
  'services: files',
])

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { missingFixture } from '../support/fixture.ts'
import { writeMirrorProject } from '../support/mirror-project.ts'
import { mrrl } from '../support/mrrl.ts'
import { type CountedRun, countedMrrl, missingNetwork } from '../support/network.ts'
import { spec } from '../support/spec.ts'
import { missing } from '../support/tools.ts'

const reason = missingFixture() ?? missingNetwork()

/** One project for all tests of this file. */
const cwd = mkdtempSync(join(tmpdir(), 'mrrl-offline-'))
process.on('exit', () => rmSync(cwd, { recursive: true, force: true }))

/** Runs with an empty store in a network that counts packets and answers nothing. */
function counted(args: readonly string[], prefix: readonly string[] = []): CountedRun {
  return countedMrrl(args, { cwd, home: mkdtempSync(join(cwd, 'home-')), prefix })
}

const BUILD = ['build', 'test', '--recipes', '.']

spec('--offline', (test) => {
  test.unless(reason, 'a build from a mirror sends no packet, not even to look up a name', () => {
    writeMirrorProject(cwd)
    mrrl(['mirror', 'mirror', '--mirror', 'upstream', '--bundle', 'all.tar.zst'], { cwd, home: join(cwd, 'home') })
    for (const place of ['mirror', 'all.tar.zst']) {
      const { status, stdout, stderr, packets } = counted([...BUILD, '--offline', '--mirror', place])
      assert.equal([status, packets], [0, 0], stderr)
      assert.match(stdout, /as locked/)
    }
  })

  test.unless(reason, 'what is missing is named without a packet, and servers that are given are not asked', () => {
    for (const args of [BUILD, ['fetch'], ['mirror', 'other']]) {
      const { status, stderr, packets } = counted([...args, '--offline', '--mirror', 'http://mirror.invalid/'])
      assert.equal([status, packets], [5, 0], stderr)
      assert.match(stderr, /E_OFFLINE/)
      assert.match(stderr, /http:\/\/mirror\.invalid\/sha(256|512)\/[0-9a-f]+: not tried offline/)
    }
  })

  test.unless(reason ?? missing('strace'), 'no socket of the internet is opened by any process', () => {
    const trace = join(cwd, 'trace')
    const prefix = ['strace', '-f', '-qq', '-e', 'trace=socket,connect,sendto,sendmsg,sendmmsg', '-o', trace]
    const { status, packets } = counted([...BUILD, '--offline', '--mirror', 'mirror'], prefix)
    assert.equal([status, packets], [0, 0])
    const calls = readFileSync(trace, 'utf8').split('\n')
    assert.ok(calls.some((line) => line.includes('socket(AF_UNIX')))
    assert.equal(
      calls.filter((line) => /\bAF_INET6?\b/.test(line)),
      [],
    )
  })

  test.unless(
    reason,
    'without it, the same network fails the build in seconds, with what was wanted and a way out',
    () => {
      const { status, stderr, packets, seconds } = counted(BUILD)
      assert.is(status, 5)
      assert.ok(packets > 0, 'the counter does not count')
      assert.match(stderr, /^E_FETCH {2}(one\.tar|two-1\.0\.0\.tgz) could not be fetched: no server could be reached$/m)
      assert.match(stderr, /https:\/\/(upstream|registry)\.invalid\//)
      assert.match(stderr, /use a mirror .*--offline --mirror <folder>$/m)
      assert.ok(seconds < 45, `${seconds} s`)
    },
  )
})

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { DoctorReport } from '../../src/doctor/doctor.ts'
import { missingFixture, writeFixture, writePackage } from '../support/fixture.ts'
import { mrrl, type RunResult } from '../support/mrrl.ts'
import { missingSandbox } from '../support/sandbox.ts'
import { spec } from '../support/spec.ts'
import { missingRoot } from '../support/tools.ts'

const one = { install: 'mkdir -p "$OUT/etc"; echo one > "$OUT/etc/one"' }

const cwd = mkdtempSync(join(tmpdir(), 'mrrl-test-explain-'))
process.on('exit', () => rmSync(cwd, { recursive: true, force: true }))
const home = join(cwd, 'home')

/** Options that keep a run to the fixture and this machine. */
const OPTIONS = ['--recipes', cwd, '--offline'] as const

function run(...args: string[]): RunResult {
  return mrrl(args, { cwd, home })
}

spec('why, graph and doctor', (test) => {
  const unbuildable = missingFixture()
  if (unbuildable === null) {
    writeFixture(cwd, { one, other: { ...one, extra: "needs: { target: ['one'] }," } })
    const { status, stderr } = run('lock', 'test', ...OPTIONS)
    if (status !== 0) throw new Error(stderr)
  }

  test.unless(unbuildable, 'why, of a package, in plain lines', () => {
    const { status, stdout } = run('why', 'test', 'one', '--recipes', cwd)
    assert.is(status, 0)
    assert.equal(stdout.split('\n').slice(0, 10), [
      'one 1.0  a package for the target; in the image',
      '  recipe   packages/one/recipe.ts',
      '  profile  profiles/test.ts',
      '',
      'Brought by',
      '  packages: one',
      '',
      'Needed by',
      '  other  sysroot  it is compiled against  by needs.target',
      '',
    ])
  })

  test.unless(unbuildable, 'why, after a change, shows the fields that differ', () => {
    writePackage(cwd, 'other', { ...one, extra: "needs: { target: ['one'] }, env: { TUNE: '7' }," })
    const { stdout } = run('why', 'test', 'other', '--recipes', cwd)
    assert.match(stdout, /Will be built; what differs from the request of the last result:/)
    assert.match(stdout, / {2}env TUNE {2}env of the recipe\n {4}- \(none\)\n {4}\+ 7/)
    const graph = run('graph', 'test', '--recipes', cwd)
    assert.match(graph.stdout, /other +1\.0, target, in the image, to build/)
    writePackage(cwd, 'other', { ...one, extra: "needs: { target: ['one'] }," })
  })

  test.unless(unbuildable, 'why, of a file', () => {
    assert.match(run('why', 'test', '/etc/one', '--recipes', cwd).stdout, /^\/etc\/one {2}file\n {2}from package one\n/)
    const { status, stderr } = run('why', 'test', '/etc/on', '--recipes', cwd)
    assert.is(status, 2)
    assert.match(stderr, /E_PATH_UNKNOWN[\s\S]*Did you mean \/etc\/one\?/)
    assert.is(JSON.parse(run('why', 'test', '/etc/one', '--recipes', cwd, '--json').stdout).package, 'one')
  })

  test.unless(unbuildable, 'graph, in all its languages', () => {
    const graph = (...more: string[]): string => run('graph', 'test', '--recipes', cwd, ...more).stdout
    assert.match(graph('--format', 'dot'), /^digraph mrrl \{/)
    assert.match(graph('--format', 'mermaid'), /^flowchart LR/)
    assert.is(JSON.parse(graph('--json'))[0].profile, 'test')
    assert.is(graph('--format', 'json'), graph('--json'))
    assert.is(run('graph', 'test', '--recipes', cwd, '--format', 'tar').status, 2)
  })

  test.unless(unbuildable, 'doctor finds nothing wrong, and changes nothing', () => {
    const before = readdirSync(cwd, { recursive: true })
    const { status, report } = doctor()
    assert.equal([status, report.verdict === 'fail', failures(report)], [0, false, []])
    const names = report.findings.map(({ check }) => check)
    for (const name of ['node', 'sandbox unshare', 'store health', 'encoders', 'lock test', 'sources']) {
      assert.ok(names.includes(name), name)
    }
    assert.equal(
      readdirSync(cwd, { recursive: true }).filter((path) => !String(path).includes('compile-cache')),
      before.filter((path) => !String(path).includes('compile-cache')),
    )
    assert.is(run('doctor', 'test', ...OPTIONS, '--quiet').status, 0)
  })

  test.unless(unbuildable, 'doctor ends as a build would: a stale lock with 3', () => {
    writePackage(cwd, 'one', { install: `${one.install}; echo more` })
    const { status, report } = doctor()
    assert.equal([status, failures(report)], [3, ['lock test']])
    const { stdout } = run('doctor', 'test', ...OPTIONS, '--quiet')
    assert.match(stdout, /FAIL {2}lock test +stale: .*one[\s\S]*→ mrrl lock test\n/)
    writePackage(cwd, 'one', one)
  })

  test.unless(unbuildable ?? missingRoot(), 'doctor without unshare: 7 where no other back end is wanted', () => {
    const hide = 'mount --bind /dev/null "$(command -v unshare)"; exec "$@"'
    const { status, report } = doctor(['unshare', '--mount', 'sh', '-c', hide, 'sh'], ['--sandbox', 'unshare'])
    assert.equal([status, failures(report)], [7, ['sandbox unshare']])
    const finding = report.findings.find(({ check }) => check === 'program unshare')
    assert.equal([finding?.verdict, finding?.fix], ['skipped', 'Install it: sudo apt-get install util-linux'])
  })

  test.unless(unbuildable ?? missingSandbox('unshare', 'this user'), 'doctor names the setting that refuses', () => {
    const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    const { status, report } = doctor(['unshare', '--user', '--map-root-user', 'sh', '-c', forbid, 'sh'])
    assert.equal([status, failures(report)], [7, ['user namespaces', 'sandbox unshare', 'sandbox bwrap']])
    const [finding] = report.findings.filter(({ check }) => check === 'user namespaces')
    assert.is(finding?.found, 'refused by user.max_user_namespaces=0')
    assert.match(finding?.fix ?? '', /sysctl -w user\.max_user_namespaces=15000/)
  })

  test.unless(unbuildable ?? missingRoot(), 'doctor on a disk that is small and runs no programs: 10', () => {
    const small = join(cwd, 'small')
    mkdirSync(small)
    const mount = `mount -t tmpfs -o size=4m,noexec none ${small}; exec "$@"`
    const { status, report } = doctor(['unshare', '--mount', 'sh', '-c', mount, 'sh'], [], small)
    assert.equal([status, failures(report)], [10, ['store space', 'store file system']])
    assert.match(
      report.findings.find(({ check }) => check === 'store file system')?.found ?? '',
      /lacks: running programs/,
    )
  })

  test('doctor of an unknown profile', () => {
    const { status, stderr } = run('doctor', 'nothing-like-it')
    assert.is(status, 2)
    assert.match(stderr, /E_PROFILE_UNKNOWN/)
  })
})

function doctor(
  prefix: readonly string[] = [],
  options: readonly string[] = [],
  store: string = home,
): { status: number | null; report: DoctorReport } {
  const { status, stdout, stderr } = mrrl(['doctor', 'test', ...OPTIONS, ...options, '--json'], {
    cwd,
    home: store,
    prefix,
  })
  if (stdout === '') throw new Error(stderr)
  return { status, report: JSON.parse(stdout) }
}

function failures({ findings }: DoctorReport): string[] {
  return findings.flatMap(({ check, verdict }) => (verdict === 'fail' ? [check] : []))
}

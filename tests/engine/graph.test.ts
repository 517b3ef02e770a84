import * as assert from 'uvu/assert'
import { dotLines, mermaidLines, textLines } from '../../src/cli/graph-text.ts'
import { PLAIN } from '../../src/cli/style.ts'
import { type Graph, graph } from '../../src/engine/graph.ts'
import { lock } from '../../src/engine/lock-operations.ts'
import { shortestChains } from '../../src/engine/why.ts'
import { fixtureSettings, missingFixture, writeFixture } from '../support/fixture.ts'
import { spec } from '../support/spec.ts'
import { missing, pipe, withFolder } from '../support/tools.ts'

const EXAMPLE: Graph = {
  profile: 'x',
  lines: [
    { value: 'app', package: 'app' },
    { value: 'libc', package: 'libc-prebuilt' },
  ],
  nodes: [
    { name: 'app', version: '1.0', role: 'target', inImage: true, state: 'waiting' },
    { name: 'cc', version: '14', role: 'cross', inImage: false, state: 'changed' },
    { name: 'libc-prebuilt', version: '2', role: 'target', inImage: true, state: 'built' },
    { name: 'sh', version: '1', role: 'bootstrap', inImage: false, state: 'built' },
    { name: 'yacc', version: '3', role: 'tool', inImage: false, state: 'built' },
  ],
  edges: [
    { from: 'app', to: 'cc', kind: 'cross', by: 'toolchain t' },
    { from: 'app', to: 'libc-prebuilt', kind: 'runtime', by: 'needs.runtime' },
    { from: 'app', to: 'libc-prebuilt', kind: 'sysroot', by: 'needs.target' },
    { from: 'app', to: 'sh', kind: 'tool', by: 'the shell of every step' },
    { from: 'cc', to: 'sh', kind: 'tool', by: 'the shell of every step' },
    { from: 'cc', to: 'yacc', kind: 'tool', by: 'needs.build' },
  ],
}

spec('graph', (test) => {
  test.unless(missingFixture(), 'has the packages of a profile, what they need, and what the store lacks', () =>
    withFolder(async (folder) => {
      writeFixture(folder, {
        base: { install: 'mkdir "$OUT/etc"' },
        app: { install: 'mkdir "$OUT/etc"', extra: "needs: { target: ['base'] }," },
      })
      const { settings } = fixtureSettings(folder)
      const [before] = await graph(['test'], settings)
      assert.equal(
        before?.nodes.map(({ name, role, state }) => [name, role, state]),
        [
          ['app', 'target', 'waiting'],
          ['base', 'target', 'waiting'],
          ['busybox-tools', 'bootstrap', 'waiting'],
        ],
      )
      assert.equal(
        before?.edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`),
        ['app sysroot base', 'app tool busybox-tools', 'base tool busybox-tools'],
      )
      await lock('test', settings)
      const [after] = await graph([], settings)
      assert.equal(
        after?.nodes.map(({ state }) => state),
        ['built', 'built', 'built'],
      )
    }),
  )

  test('shortest chains go through every package on the way, and no other', () => {
    const chains = shortestChains(EXAMPLE, 'yacc').map(({ edges }) => edges.map(({ to }) => to))
    assert.equal(chains, [['cc', 'yacc']])
    assert.equal(
      shortestChains(EXAMPLE, 'libc-prebuilt').map(({ line, edges }) => [line.value, edges.length]),
      [['libc', 0]],
    )
  })

  test('text', () => {
    assert.equal(textLines([EXAMPLE], PLAIN).slice(0, 5), [
      'x  app, libc (libc-prebuilt)',
      '  app            1.0, target, in the image, waits for others',
      '    cross        cc',
      '    sysroot      libc-prebuilt',
      '    runtime      libc-prebuilt',
    ])
  })

  test('dot', () => {
    const lines = dotLines([EXAMPLE])
    assert.ok(lines.includes('    "x/cc" [label="cc\\n14", shape=hexagon, style=filled, fillcolor=orange];'))
    assert.ok(lines.includes('    "x/app" -> "x/cc" [label=cross, style=dashed, color=blue];'))
    assert.ok(lines.includes('    "x/" -> "x/libc-prebuilt";'))
  })

  test.unless(missing('dot'), 'Graphviz reads every node and edge', () => {
    const text = dotLines([EXAMPLE, { ...EXAMPLE, profile: 'quote"d\\' }]).join('\n')
    const lines = pipe(Buffer.from(text), 'dot', '-Tplain').toString().split('\n')
    assert.is(lines.filter((line) => line.startsWith('node ')).length, 12)
    assert.is(lines.filter((line) => line.startsWith('edge ')).length, 16)
  })

  test('mermaid', () => {
    assert.equal(mermaidLines([EXAMPLE]), [
      'flowchart LR',
      '  subgraph s0["x"]',
      '    p0[["x"]]',
      '    p0_0(["app 1.0"]):::waiting',
      '    p0_1{{"cc 14"}}:::changed',
      '    p0_2(["libc-prebuilt 2"]):::built',
      '    p0_3[/"sh 1"\\]:::built',
      '    p0_4["yacc 3"]:::built',
      '    p0 ==> p0_0',
      '    p0 ==> p0_2',
      '    p0_0 -. cross .-> p0_1',
      '    p0_0 == runtime ==> p0_2',
      '    p0_0 -- sysroot --> p0_2',
      '    p0_0 -. tool .-> p0_3',
      '    p0_1 -. tool .-> p0_3',
      '    p0_1 -. tool .-> p0_4',
      '  end',
      '  classDef built fill:#fff,stroke:#333',
      '  classDef changed fill:#fb4,stroke:#333',
      '  classDef waiting fill:#ffd,stroke:#333,stroke-dasharray:4',
    ])
  })
})

import { type CommandRow, PROFILE } from './row.ts'

/** Commands that say why something is as it is. */
export const EXPLAIN_COMMANDS: readonly CommandRow[] = [
  {
    name: 'why',
    summary: 'say why a package is built, or where a file of the image comes from',
    about:
      'Of a package: the recipe, the shortest ways from the profile to it, who needs it and what for, and what of its ' +
      'request differs from that of the result before: variables, inputs by content, steps. Of a file, which is told ' +
      'by a slash in its name: the package that installs it and the glob or field that puts it into the image.',
    args: [PROFILE, { name: 'package or file', about: 'name of a package, or path in the image' }],
    options: ['recipes', 'json', 'color'],
    examples: [
      ['mrrl why x86_64 isl', 'who needs isl'],
      ['mrrl why x86_64 busybox', 'after a change of its recipe: what will be different'],
      ['mrrl why x86_64 /usr/bin/ld', 'which package brings this file'],
    ],
    run: async (call) => (await import('../run-why.ts')).runWhy(call),
  },
  {
    name: 'graph',
    summary: 'show what the packages of a profile need of each other',
    about:
      'Edges say what for: tool (runs while building), cross (part of the compiler), sysroot (compiled against), ' +
      'runtime (in the image together). What the next build makes is marked: "changed" has another request than any ' +
      'result in the store, "waiting" is built only if what it needs comes out different. Without a profile, all.',
    args: [{ ...PROFILE, isOptional: true, isList: true }],
    options: ['graphFormat', 'recipes', 'json', 'color'],
    examples: [
      ['mrrl graph x86_64', ''],
      ['mrrl graph x86_64 --format dot | dot -Tsvg > x86_64.svg', 'a picture, by Graphviz'],
      ['mrrl graph mini --format mermaid', 'for a page in Markdown'],
    ],
    run: async (call) => (await import('../run-graph.ts')).runGraph(call),
  },
  {
    name: 'doctor',
    summary: 'check everything that a build needs',
    about:
      'Looks at Node, the sandbox, programs, disks, memory, the clock, the image encoders, the store, locks, and the ' +
      'places that sources come from, and says what to do about what is not right. Changes nothing. Ends with 0 also ' +
      'when there are warnings, else with the status that the first failure would end a build with. See docs/doctor.md.',
    args: [{ ...PROFILE, isOptional: true, isList: true, about: 'names of profiles to look at (default: all)' }],
    options: ['full', 'sandbox', 'jobs', 'mirror', 'offline', 'recipes', 'json', 'quiet', 'color'],
    examples: [
      ['mrrl doctor', ''],
      ['mrrl doctor x86_64 --full', 'with every byte of the store'],
      ['mrrl doctor --offline --mirror /media/sources', 'without asking any server'],
    ],
    run: async (call) => (await import('../run-doctor.ts')).runDoctor(call),
  },
]

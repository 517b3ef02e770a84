import fc from 'fast-check'

/**
 * Runs a property `runs` times. The seed is printed, and again with the smallest failing case;
 * `MRRL_SEED=<seed>` repeats a run.
 */
export async function check<T>(property: fc.IAsyncProperty<T> | fc.IProperty<T>, runs: number): Promise<void> {
  const seed = Number(process.env.MRRL_SEED ?? Date.now() % 2 ** 31)
  console.log(`seed ${seed}, ${runs} runs`)
  await fc.assert(property as fc.IAsyncProperty<T>, { seed, numRuns: runs })
}

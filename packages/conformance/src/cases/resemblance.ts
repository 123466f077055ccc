import assert from 'node:assert/strict'
import fc from 'fast-check'
import { until } from '../events.ts'
import { type LogCase, rule } from '../log-case.ts'
import { manySteps } from '../log-steps.ts'
import { NaiveLog } from '../naive-log.ts'

/** The whole behaviour at once, against a model. */
export const resemblance: readonly LogCase[] = [
  rule('whatever is done in whatever order, it answers as an array of events would', async (log) => {
    const shown: number[] = []
    await log.tail(({ events }) => shown.push(...events.map(({ seq }) => seq)))
    const property = fc.asyncProperty(manySteps, async (steps) => {
      // Every run begins with an empty log, at the number that the last one left.
      await log.trim({ ageMs: Number.MAX_SAFE_INTEGER, events: 0, bytes: 0 }, Date.now())
      const model = new NaiveLog(await log.bounds())
      for (const step of steps) {
        await step.run(log, model)
        const { floor, head } = await log.bounds()
        assert.deepEqual({ floor, head }, model.bounds)
      }
    })
    await fc.assert(property, { numRuns: 60 })
    const { seq } = (await log.bounds()).head
    await until(async () => shown.at(-1) === seq, 'the tail has shown everything')
    assert.deepEqual(
      shown,
      shown.map((_, index) => index + 1),
    )
  }),
]

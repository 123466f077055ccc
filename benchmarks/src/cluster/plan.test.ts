import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { planFor, planTable, workloads } from './plan.ts'

describe('the plan of a service', () => {
  it('stands in docs/scaling.md as it is computed', async () => {
    const page = await readFile(new URL('../../../docs/scaling.md', import.meta.url), 'utf8')
    expect(page).toContain(planTable())
  })

  it('keeps every core less than half busy, and every process below its streams', () => {
    for (const workload of workloads) {
      for (const connections of [100, 14_999, 15_001, 300_000, 2_000_000]) {
        const { logs, nodes, nodeCpu, redisCpu } = planFor(workload, connections)
        expect(nodeCpu).toBeLessThanOrEqual(0.5)
        expect(redisCpu).toBeLessThanOrEqual(0.5)
        expect(connections / nodes).toBeLessThanOrEqual(15_000)
        expect(nodes % logs).toBe(0)
      }
    }
  })

  it('takes a second log when one cannot carry the events, though not for events that all share', () => {
    const of = (personal: number, shared: number) =>
      planFor({ name: 'a test', personal, shared }, 100_000).logs
    expect([of(0.01, 0), of(0, 10), of(2, 0) > 1]).toEqual([1, 1, true])
  })
})

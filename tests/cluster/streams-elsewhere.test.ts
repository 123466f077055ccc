import { describe, expect, it } from 'vitest'
import { freshRequest } from '../support/fresh-request.ts'
import { requireProgram } from '../support/programs.ts'
import { until } from '../support/until.ts'
import { Cluster } from './cluster.ts'

describe.skipIf(requireProgram('redis-server') === undefined)('a stream of another node', () => {
  it('is changed from any node, and is not said to be gone by one that is kept from asking', async () => {
    await using cluster = await Cluster.start({ nodes: 2 })
    const reader = await cluster.reader(['a'], { first: 1 })
    const { data } = reader.blocks.find(({ type }) => type === 'connected')!
    const { clientId } = JSON.parse(data!) as { clientId: string }
    const change = (node: number, id = clientId) =>
      freshRequest({
        port: cluster.node(node).server.port,
        method: 'PATCH',
        path: `/streams/${id}`,
        body: { add: ['b'] },
      })
    await until('the nodes to know of each other', async () => (await change(0)).status === 200)
    cluster.node(0).road.refuse()
    await until('it to be apart', async () => (await cluster.readiness(0)).text.includes('cannot be reached'))
    const away = await change(0)
    expect([away.status, away.json.code]).toEqual([503, 'storage_unavailable'])
    expect((await change(1)).status).toBe(200)
    cluster.node(0).road.open()
    await until('it to reach the stream again', async () => (await change(0)).status === 200)
    // A process that there is not has no streams.
    expect((await change(0, 'nobody00abcdefghijkl')).status).toBe(404)
    reader.close()
  })
})

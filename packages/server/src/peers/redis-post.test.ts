import { afterEach, beforeEach, expect, test } from 'vitest'
import { requireProgram } from '../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../tests/support/redis-server.ts'
import { TcpProxy } from '../../../../tests/support/tcp-proxy.ts'
import { until } from '../../../../tests/support/until.ts'
import type { StoreNotice } from '../observe/store-notice.ts'
import { openPeers } from './open-peers.ts'
import type { Peers } from './peers.ts'

const it = test.skipIf(requireProgram('redis-server') === undefined)

let redis: RedisServer
const opened: Peers[] = []

/** For all who answer: a machine with other work takes longer than the quarter of a second that servers wait. */
const patienceMs = 10_000

beforeEach(async () => {
  redis = await RedisServer.start()
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((peers) => peers.close()))
  await redis[Symbol.asyncDispose]()
})

async function open(name = 'main', onNotice?: (notice: StoreNotice) => void): Promise<Peers> {
  const peers = await openPeers({ store: `${redis.url}?name=${name}` }, onNotice)
  opened.push(peers)
  return peers
}

async function openThree(): Promise<[Peers, Peers, Peers]> {
  const three: [Peers, Peers, Peers] = [await open(), await open(), await open()]
  await until('all to know of two others', () => three.every(({ others }) => others === 2))
  return three
}

it('asks all others, and one of them, and each answers for itself', async () => {
  const [first, ...rest] = await openThree()
  for (const peers of rest) peers.answer('echo', (question) => ({ question, by: peers.id }))
  const answers = await first.askAll('echo', ['ä', 1], patienceMs)
  expect(answers.map(({ from }) => from).sort()).toEqual(rest.map(({ id }) => id).sort())
  for (const { from, answer } of answers) expect(answer).toEqual({ question: ['ä', 1], by: from })
  expect(await first.ask(rest[1].id, 'echo', 2)).toEqual({ question: 2, by: rest[1].id })
})

it('does not wait for those who have no answer, whose answer is an error, or who are not there', async () => {
  const [first, second, third] = await openThree()
  second.answer('fail', () => {
    throw new Error('on purpose')
  })
  third.answer('fail', async () => 'fine')
  const tookMs: number[] = []
  for (let round = 0; round < 20; round++) {
    const began = performance.now()
    expect(await first.askAll('fail', null, patienceMs)).toEqual([{ from: third.id, answer: 'fine' }])
    expect(await first.ask(second.id, 'fail', null)).toBeUndefined()
    expect(await first.ask('nobody00', 'fail', null)).toBeUndefined()
    expect(await first.askAll('unknown', null, patienceMs)).toEqual([])
    tookMs.push(performance.now() - began)
  }
  // Waiting for one of them would take five seconds where one is asked, and ten where all are.
  expect(Math.min(...tookMs)).toBeLessThan(4_500)
})

it('goes on without one who does not answer in time', async () => {
  const [first, second, third] = await openThree()
  second.answer('slow', () => new Promise(() => {}))
  third.answer('slow', () => 'here')
  expect(await first.askAll('slow', null, 3_000)).toEqual([{ from: third.id, answer: 'here' }])
})

it('knows nobody of another log, and soon forgets whoever has left', async () => {
  const [first, second, third] = await openThree()
  const stranger = await open('other')
  stranger.answer('who', () => 'a stranger')
  second.answer('who', () => 'second')
  third.answer('who', () => 'third')
  await third.close()
  expect(await first.askAll('who', null, 3_000)).toEqual([{ from: second.id, answer: 'second' }])
  await until('the one that left to be forgotten', () => first.others === 1)
  expect(await first.ask(stranger.id, 'who', null)).toBeUndefined()
})

it('is alone while Redis is away, and finds the others again when it is back', async () => {
  const [first, second, third] = await openThree()
  for (const peers of [second, third]) peers.answer('who', () => 'here')
  await redis.kill()
  await until('it to be alone', () => first.others === 0)
  expect(await first.askAll('who', null)).toEqual([])
  expect(await first.ask(second.id, 'who', null)).toBeUndefined()
  await redis.start()
  await until('all to be found', async () => (await first.askAll('who', null)).length === 2)
})

it('connects anew when its connections are there and nothing comes through them', async () => {
  await using proxy = await TcpProxy.start(redis.port)
  const second = await open()
  second.answer('who', () => 'here')
  const first = await openPeers({ store: `redis://127.0.0.1:${proxy.port}` })
  opened.push(first)
  await until('it to know of the other', () => first.others === 1)
  proxy.set({ down: { isBlackhole: true } })
  await until('it to be alone', () => first.others === 0)
  proxy.set({})
  await until('the other to be found', async () => (await first.askAll('who', null)).length === 1)
  expect(await first.ask(second.id, 'who', null)).toBe('here')
})

it('leaves nothing in Redis, and takes no notice of what is no letter', async () => {
  const [first, second] = await openThree()
  second.answer('who', () => 'here')
  for (const noise of ['', 'null', '{', '{"kind":"question"}', '[1]', 'x'.repeat(5_000_000)]) {
    await redis.command('PUBLISH', 'tidings:{main}:0:to:all', noise)
    await redis.command('PUBLISH', `tidings:{main}:0:to:${second.id}`, noise)
  }
  expect(await first.ask(second.id, 'who', null)).toBe('here')
  expect(await redis.command('DBSIZE')).toBe(0)
})

it('sends nothing that is too long, and counts an answer that is as none', async () => {
  const [first, second] = await openThree()
  const long = 'x'.repeat(5_000_000)
  second.answer('long', () => long)
  expect(await first.ask(second.id, 'long', null)).toBeUndefined()
  await expect(first.ask(second.id, 'long', long)).rejects.toThrow('too long')
})

it('says once that it may not listen, and what its user needs', async () => {
  const { port } = redis
  await redis.command('ACL', 'SETUSER', 'app', 'on', '>secret', '~tidings:*', '+@all', 'resetchannels')
  const notices: string[] = []
  const onNotice = ({ message }: StoreNotice) => void notices.push(message)
  const peers = await openPeers({ store: `redis://app:secret@127.0.0.1:${port}` }, onNotice)
  opened.push(peers)
  await until('it has said so', () => notices.length > 0)
  expect(notices[0]).toContain('ACL SETUSER … &tidings:{main}:*')
  expect(notices[0]).not.toContain('secret')
  await redis.command('ACL', 'SETUSER', 'app', '&tidings:*')
  const other = await open()
  await until('it is heard', () => other.others === 1)
  expect(notices).toHaveLength(1)
})

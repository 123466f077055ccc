import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { TidingsError } from '@tidings/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Channel, ChannelClosed } from './channel.ts'

let child: ChildProcess
let channel: Channel

beforeAll(() => {
  child = fork(fileURLToPath(new URL('./test-echo.ts', import.meta.url)), {
    serialization: 'advanced',
    execArgv: ['--conditions=tidings-source'],
  })
  channel = new Channel(child)
})

afterAll(() => {
  child.kill('SIGKILL')
})

it('gives each question its own answer, whatever order they come in', async () => {
  const questions = Array.from({ length: 100 }, (_, index) => (index % 3 === 0 ? 'later' : 'echo'))
  const answers = await Promise.all(questions.map((kind, index) => channel.ask(kind, index)))
  expect(answers).toEqual(questions.map((_, index) => index))
})

it('keeps what it carries as it is: sets, bytes, any text, and nothing', async () => {
  for (const body of [
    new Set(['a']),
    new Map([[1, 'ä']]),
    Buffer.from([0, 255]),
    '\u2028\0😀',
    undefined,
    null,
  ]) {
    expect(await channel.ask('echo', body)).toEqual(body)
  }
})

it('is told errors as they were thrown there', async () => {
  const refused = await channel.ask('refuse', null).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(TidingsError)
  expect(refused).toMatchObject({ code: 'invalid_topic', field: 'topic', message: 'There is no such topic.' })
  await expect(channel.ask('fail', null)).rejects.toThrow('too much')
  await expect(channel.ask('unheard of', null)).rejects.toThrow('nobody answers "unheard of" here')
})

it('tells in order, and says when nothing waits here any more', async () => {
  const told: number[] = []
  const all = new Promise<void>((resolve) => {
    channel.hear('told', (body: number) => {
      if (told.push(body) === 500) resolve()
    })
  })
  let sent = 0
  for (let index = 0; index < 500; index++) channel.tell('tell', index, () => sent++)
  await all
  expect(told).toEqual(Array.from({ length: 500 }, (_, index) => index))
  expect(sent).toBe(500)
})

it('rejects what is asked of a process that ends, and of one that has ended', async () => {
  const hanging = channel.ask('hang', null)
  child.kill('SIGKILL')
  await expect(hanging).rejects.toBeInstanceOf(ChannelClosed)
  await channel.ended
  await expect(channel.ask('echo', 1)).rejects.toBeInstanceOf(ChannelClosed)
  await new Promise<void>((resolve) => channel.tell('tell', 1, resolve))
})

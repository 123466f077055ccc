import { PassThrough, Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type Gathering, gatherLines } from './line-batches.ts'
import { type Line, LineSplitter } from './line-splitter.ts'

const never = new AbortController().signal

function gather(input: Readable, gathering: Partial<Gathering> = {}): AsyncGenerator<readonly Line[]> {
  const all = { mostLines: 1_000, mostLength: 100_000, lingerMs: 20, signal: never, ...gathering }
  return gatherLines(input, new LineSplitter(1_000), all)
}

function textsOf(lines: readonly Line[] | undefined): string[] {
  return (lines ?? []).map(({ text }) => text)
}

describe('batches', () => {
  test('hold all lines in order, at most so many each', async () => {
    const numbers = Array.from({ length: 2_500 }, (_, index) => String(index))
    const chunks = numbers.map((number) => Buffer.from(`${number}\n`))
    const batches: string[][] = []
    for await (const lines of gather(Readable.from(chunks, { objectMode: false })))
      batches.push(textsOf(lines))
    expect(batches.flat()).toEqual(numbers)
    expect(Math.max(...batches.map(({ length }) => length))).toBe(1_000)
  })

  test('are closed when they hold enough characters', async () => {
    const batches = gather(Readable.from([Buffer.from('aaaa\nbbbb\ncccc\n')]), { mostLength: 6 })
    expect(textsOf((await batches.next()).value)).toEqual(['aaaa', 'bbbb'])
    expect(textsOf((await batches.next()).value)).toEqual(['cccc'])
    expect((await batches.next()).done).toBe(true)
  })

  test('a line does not wait for the next longer than the linger', async () => {
    const input = new PassThrough()
    const batches = gather(input)
    const first = batches.next()
    input.write('one\n')
    expect(textsOf((await first).value)).toEqual(['one'])
    input.end('two')
    expect(textsOf((await batches.next()).value)).toEqual(['two'])
    expect((await batches.next()).done).toBe(true)
  })

  test('nothing is read while nobody asks: the writer waits', async () => {
    let made = 0
    const input = new Readable({
      highWaterMark: 100,
      read() {
        made++
        this.push('0123456789\n')
      },
    })
    const batches = gather(input, { mostLines: 5 })
    await batches.next()
    const before = made
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    // The stream may fill its own buffer once more, and no further.
    expect(made - before).toBeLessThanOrEqual(20)
    await batches.return(undefined)
  })

  test('when stopped, what has been read is given out, but no line without end', async () => {
    const stopped = new AbortController()
    const input = new PassThrough()
    const splitter = new LineSplitter(1_000)
    const gathering = { mostLines: 2, mostLength: 100_000, lingerMs: 20, signal: stopped.signal }
    const batches = gatherLines(input, splitter, gathering)
    input.write('one\ntwo\nthree\n')
    expect(textsOf((await batches.next()).value)).toEqual(['one', 'two'])
    input.write('four\nfi')
    stopped.abort()
    expect(textsOf((await batches.next()).value)).toEqual(['three', 'four'])
    expect((await batches.next()).done).toBe(true)
    expect(splitter.unfinishedBytes).toBe(2)
  })

  test('a writer that never ends does not keep a stop from ending it', async () => {
    const stopped = new AbortController()
    const input = new Readable({
      read() {
        this.push('y\n'.repeat(100))
      },
    })
    let batches = 0
    for await (const _ of gather(input, { mostLines: 100, signal: stopped.signal })) {
      if (++batches === 3) stopped.abort()
    }
    expect(batches).toBeGreaterThanOrEqual(3)
    input.destroy()
  })

  test('an input that fails is an error, after what was read', async () => {
    const input = new PassThrough()
    const batches = gather(input)
    input.write('one\n')
    expect(textsOf((await batches.next()).value)).toEqual(['one'])
    input.destroy(new Error('the disk is gone'))
    await expect(batches.next()).rejects.toThrow('the disk is gone')
  })
})

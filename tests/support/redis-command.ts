import { connect } from 'node:net'

/** What Redis answers: arrays may hold arrays. */
export type RedisReply = string | number | null | readonly RedisReply[]

/** A connection that says nothing for this long is given up, in milliseconds. */
const patienceMs = 10_000

/**
 * Sends one command on a connection of its own, for tests: what is tested has a client of its own.
 * @throws Error with what Redis says when it refuses, or when there is none.
 */
export function redisCommand(port: number, args: readonly (string | number)[]): Promise<RedisReply> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let bytes = Buffer.alloc(0)
    socket.setTimeout(patienceMs, () => socket.destroy(new Error('Redis says nothing.')))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('Redis has closed the connection.')))
    socket.on('data', (part) => {
      bytes = Buffer.concat([bytes, part])
      try {
        const read = readReply(bytes, 0)
        if (read === undefined) return
        resolve(read.reply)
      } catch (error) {
        reject(error as Error)
      }
      socket.destroy()
    })
    socket.write(encode(args))
  })
}

function encode(args: readonly (string | number)[]): string {
  const parts = args.map((arg) => `$${Buffer.byteLength(String(arg))}\r\n${arg}\r\n`)
  return `*${args.length}\r\n${parts.join('')}`
}

interface Read {
  readonly reply: RedisReply
  /** Where the next reply begins. */
  readonly end: number
}

/**
 * Reads a reply that begins at a place.
 * @returns `undefined` if it is not all there.
 */
function readReply(bytes: Buffer, start: number): Read | undefined {
  const lineEnd = bytes.indexOf('\r\n', start)
  if (lineEnd === -1) return undefined
  const text = bytes.toString('utf8', start + 1, lineEnd)
  const end = lineEnd + 2
  switch (bytes.toString('latin1', start, start + 1)) {
    case '+':
      return { reply: text, end }
    case '-':
      throw new Error(text)
    case ':':
      return { reply: Number(text), end }
    case '$':
      return readBulk(bytes, end, Number(text))
    case '*':
      return readArray(bytes, end, Number(text))
    default:
      throw new Error(`Redis says something that is no reply: ${text}`)
  }
}

function readBulk(bytes: Buffer, start: number, length: number): Read | undefined {
  if (length === -1) return { reply: null, end: start }
  const end = start + length + 2
  return bytes.length < end ? undefined : { reply: bytes.toString('utf8', start, end - 2), end }
}

function readArray(bytes: Buffer, start: number, length: number): Read | undefined {
  if (length === -1) return { reply: null, end: start }
  const replies: RedisReply[] = []
  let end = start
  for (let count = 0; count < length; count++) {
    const read = readReply(bytes, end)
    if (read === undefined) return undefined
    replies.push(read.reply)
    end = read.end
  }
  return { reply: replies, end }
}

/** A complete HTTP response. */
export interface Reply {
  readonly status: number
  readonly body: Buffer
  /** Bytes of the response, head included. */
  readonly size: number
}

const headEnd = Buffer.from('\r\n\r\n')
const lengthLine = /\r\ncontent-length: *(\d+)/i

/**
 * Reads the response that these bytes begin with; `undefined` while it is not complete.
 * @throws Error if the response has no Content-Length: no server here answers a publish in chunks.
 */
export function readReply(bytes: Buffer): Reply | undefined {
  const end = bytes.indexOf(headEnd)
  if (end === -1) return undefined
  const head = bytes.toString('latin1', 0, end)
  const length = lengthLine.exec(head)?.[1]
  if (length === undefined) throw new Error(`a reply without a Content-Length:\n${head}`)
  const from = end + headEnd.length
  const size = from + Number(length)
  if (bytes.length < size) return undefined
  return { status: Number(head.slice(9, 12)), body: bytes.subarray(from, size), size }
}

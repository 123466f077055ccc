import { expect, test } from 'vitest'
import { readReply } from './reply.ts'

const bytes = Buffer.from('HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 500')

test('a reply is read when its body is complete, and what follows is left', () => {
  const size = bytes.length - 'HTTP/1.1 500'.length
  for (let cut = 0; cut < size; cut++) expect(readReply(bytes.subarray(0, cut))).toBeUndefined()
  expect(readReply(bytes)).toEqual({ status: 201, body: Buffer.from('{}'), size })
})

test('a reply in chunks is refused rather than misread', () => {
  expect(() => readReply(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))).toThrow(
    'without a Content-Length',
  )
})

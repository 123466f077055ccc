import type { Behaviour, Exchange } from './exchange.ts'

/** Size of the pieces in which floods leave, in bytes. */
const pieceBytes = 256 * 1024

/** One line of `bytes` bytes, 100 MB if absent, that never ends; then silence. */
export function lineWithoutEnd(bytes = 100_000_000): Behaviour {
  return flood('data: ', 'x', bytes)
}

/** One event of line after line of data, `bytes` bytes in all, that is never dispatched; then silence. */
export function dataWithoutEnd(bytes = 100_000_000): Behaviour {
  return flood('', 'data: one more line, and no empty one\n', bytes)
}

/** One comment of `bytes` bytes that never ends; then silence. */
export function commentWithoutEnd(bytes = 100_000_000): Behaviour {
  return flood(':', ' ', bytes)
}

/** Comment after comment, `bytes` bytes in all, and no event; then silence. */
export function manyComments(bytes = 100_000_000): Behaviour {
  return flood('', ': still here\n\n', bytes)
}

/** One block with nothing but an id after the other, `bytes` bytes in all, and no event; then silence. */
export function manyIds(bytes = 100_000_000): Behaviour {
  return flood('', 'id: another\n\n', bytes)
}

/** Small, whole events, `bytes` bytes in all, as fast as the client takes them; then the end. */
export function manyEvents(bytes: number): Behaviour {
  return async (exchange) => {
    await pour(exchange, '', 'data: x\n\n', bytes)
    exchange.end()
  }
}

function flood(start: string, drop: string, bytes: number): Behaviour {
  return (exchange) => pour(exchange, start, drop, bytes)
}

/** Waits for each piece to leave: a flood that the client does not read fills no memory here. */
async function pour(exchange: Exchange, start: string, drop: string, bytes: number): Promise<void> {
  const piece = Buffer.from(drop.repeat(Math.ceil(pieceBytes / drop.length)))
  exchange.streamHead()
  await exchange.write(start)
  for (let left = bytes; left > 0 && !exchange.signal.aborted; left -= piece.length) {
    await exchange.write(piece)
  }
}

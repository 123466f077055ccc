import { parentPort } from 'node:worker_threads'
import { StoreRefused } from '../store-refused.ts'
import type { Failure } from './messages.ts'
import type { Envelope, Reply } from './thread.ts'

/** The other end of a `Thread`: answers each request, in order. */
export function serveThread<Request extends { readonly kind: string }>(
  open: () => unknown,
  answer: (request: Request) => unknown,
  classify: (error: unknown) => Failure,
): void {
  const port = parentPort!
  const post = (reply: Reply) => port.postMessage(reply)
  try {
    post({ id: 0, answer: open() })
  } catch (error) {
    if (!(error instanceof StoreRefused)) throw error
    post({ id: 0, refused: error.message })
    return
  }
  port.on('message', ({ id, request }: Envelope<Request>) => {
    try {
      post({ id, answer: answer(request) })
    } catch (error) {
      post({ id, failure: classify(error) })
    }
  })
}

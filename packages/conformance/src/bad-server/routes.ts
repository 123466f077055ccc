import { compressed, gzipThatNeverFlushes, gzipWithoutItsEnd } from './compressed.ts'
import type { Behaviour } from './exchange.ts'
import {
  commentWithoutEnd,
  dataWithoutEnd,
  lineWithoutEnd,
  manyComments,
  manyEvents,
  manyIds,
} from './floods.ts'
import { hardStreams } from './hard-streams.ts'
import { goodMediaTypes, mediaType, wrongMediaTypes } from './media-types.ts'
import { numbered, numberedEvents } from './numbered.ts'
import { byteByByte, cutBetweenCrAndLf, cutInsideCharacters } from './pieces.ts'
import { redirect, redirectLoop, redirectStatuses } from './redirects.ts'
import { silentAfter, silentAfterHead, silentFromTheStart } from './silence.ts'
import { noContent, status, times } from './statuses.ts'
import { brokenOff, emptyStream, halfEvent, resetAfter, resetInHead, stream } from './streams.ts'

/** One bad behaviour under an address of its own. */
export interface Route {
  /** Of the path, without the `/`. */
  readonly name: string
  /** What happens there, for whoever tries a client. */
  readonly says: string
  /** What `/name/…` may be; the first if the path has nothing there. A route without examples takes nothing. */
  readonly examples?: readonly (string | number)[] | undefined
  /** The behaviours of the first, second … request; the last one repeats. */
  script(choice: string, origin: string): readonly Behaviour[]
}

/** Events of the routes' streams: 1 to 10, each with its number as id and data. */
const count = 10
const all = numberedEvents(0, count)
const good = numbered(count)

/** A place in the midst of the third event. */
const cut = numberedEvents(0, 3).length - 5

/** Each good one sends events 1 to 10, or those after `Last-Event-ID`, each with its number as id and as data, and stays open. */
export const routes: readonly Route[] = [
  route('good', 'A good stream.', () => [good]),
  route('half-event', 'The answer ends in order in the midst of event 3; then all is well.', () => [
    halfEvent(all, cut),
    good,
  ]),
  route(
    'broken-off',
    'The connection is closed in the midst of event 3, without the end of the answer.',
    () => [brokenOff(all, cut), good],
  ),
  choosing('reset', 'A reset after so many bytes of the body; then all is well.', [0, 1, cut], (bytes) => [
    resetAfter(all, Number(bytes)),
    good,
  ]),
  choosing(
    'reset-in-head',
    'A reset after so many bytes of the head; then all is well.',
    [0, 1, 20],
    (bytes) => [resetInHead(Number(bytes)), good],
  ),
  route('one-each', 'Each answer has one event, and ends; after the last, 204.', () => [
    ...Array.from({ length: count }, (_, index) => numbered(index + 1, { ending: 'end' })),
    noContent(),
  ]),
  route('empty', 'Three answers of no byte; then all is well.', () => [...times(3, emptyStream()), good]),
  route('silent', 'Headers, and no byte ever.', () => [silentAfterHead()]),
  route('silent-from-the-start', 'Not even a status.', () => [silentFromTheStart()]),
  route('silent-after-events', 'Events 1 to 3, and no byte more.', () => [silentAfter(numberedEvents(0, 3))]),
  choosing('storm', 'This status three times; then all is well.', [500, 502, 503, 504, 429], (code) => [
    ...times(3, status(Number(code))),
    good,
  ]),
  choosing(
    'retry-after',
    'This status with Retry-After: 1; then all is well.',
    [503, 429, 425, 408],
    (code) => [status(Number(code), { retryAfter: 1 }), good],
  ),
  choosing('status', 'This status, always.', [400, 401, 403, 404, 410, 500, 503], (code) => [
    status(Number(code)),
  ]),
  route('no-content', 'Events 1 to 3, and the end; then 204, which says not to come back.', () => [
    stream(numberedEvents(0, 3), { ending: 'end' }),
    noContent(),
  ]),
  choosing(
    'wrong-media-type',
    'A stream that calls itself something else.',
    keysOf(wrongMediaTypes),
    (index) => [mediaType(wrongMediaTypes[Number(index)], all)],
  ),
  route('no-media-type', 'A stream that calls itself nothing.', () => [mediaType(undefined, all)]),
  choosing('odd-media-type', 'A stream, oddly called, but rightly.', keysOf(goodMediaTypes), (index) => [
    mediaType(goodMediaTypes[Number(index)], all),
  ]),
  choosing('redirect', 'A redirect to /good.', redirectStatuses, (code, origin) => [
    redirect(statusOf(code), `${origin}/good`),
  ]),
  choosing('redirect-away', 'A redirect to /good of another origin.', redirectStatuses, (code, origin) => [
    redirect(statusOf(code), `${origin.replace('127.0.0.1', 'localhost')}/good`),
  ]),
  choosing('redirect-chain', 'So many redirects, and then /good.', [5], (left, origin) => [
    redirect(307, Number(left) > 1 ? `${origin}/redirect-chain/${Number(left) - 1}` : `${origin}/good`),
  ]),
  route('redirect-loop', 'A redirect to itself.', () => [redirectLoop()]),
  route('line-without-end', 'One line of data, 100 MB long, without an end.', () => [lineWithoutEnd()]),
  route('data-without-end', 'Lines of data, 100 MB of them, without an empty line.', () => [
    dataWithoutEnd(),
  ]),
  route('comment-without-end', 'One comment, 100 MB long, without an end.', () => [commentWithoutEnd()]),
  route('many-comments', '100 MB of comments, and no event.', () => [manyComments()]),
  route('many-ids', '100 MB of blocks with only an id, and no event.', () => [manyIds()]),
  route('many-events', '10 MB of small events, and the end; then 204.', () => [
    manyEvents(10_000_000),
    noContent(),
  ]),
  choosing('compressed', 'A good stream, compressed.', ['gzip', 'deflate', 'br'], (encoding) => [
    compressed(encoding as 'gzip' | 'deflate' | 'br', all),
  ]),
  route('stuck-in-gzip', 'A good stream in a compressor that waits for more.', () => [
    gzipThatNeverFlushes(all),
  ]),
  route('half-gzip', 'A gzip that is broken off, in order; then all is well.', () => [
    gzipWithoutItsEnd(all),
    good,
  ]),
  route('byte-by-byte', 'A good stream, each byte a chunk of its own.', () => [byteByByte(all)]),
  route('cut-characters', 'Characters of several bytes, cut inside.', () => [
    cutInsideCharacters('id: größe-日本-🙂\ndata: größe-日本-🙂\n\n'),
  ]),
  route('cut-line-ends', 'CRLF, cut inside.', () => [
    cutBetweenCrAndLf('data: 1\r\ndata: 2\r\n\r\nid: 2\r\ndata: 3\r\n\r\n'),
  ]),
  choosing(
    'hard',
    'A stream on which parsers have failed; `hardStreams` says what is to come of it.',
    keysOf(hardStreams),
    (index) => [stream(hardStreams[Number(index)]!.body)],
  ),
]

/** What answers a path; `undefined` if no route does. */
export function findRoute(path: string, origin: string): readonly Behaviour[] | undefined {
  const [, name, choice] = path.split('/')
  const found = routes.find((route) => route.name === name)
  if (found === undefined) return undefined
  const { examples } = found
  if (examples === undefined) return choice === undefined ? found.script('', origin) : undefined
  return found.script(choice ?? String(examples[0]), origin)
}

function route(name: string, says: string, script: Route['script']): Route {
  return { name, says, script }
}

function choosing(
  name: string,
  says: string,
  examples: readonly (string | number)[],
  script: Route['script'],
): Route {
  return { name, says, examples, script }
}

function keysOf(list: readonly unknown[]): number[] {
  return [...list.keys()]
}

function statusOf(code: string): (typeof redirectStatuses)[number] {
  const found = redirectStatuses.find((status) => String(status) === code)
  if (found === undefined) throw new Error(`${code} is no status of a redirect.`)
  return found
}

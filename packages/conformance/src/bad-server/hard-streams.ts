/** What the standard has an EventSource dispatch. */
export interface StandardMessage {
  readonly type: string
  readonly data: string
  readonly lastEventId: string
}

/** A stream on which parsers have failed, and what the standard makes of it. */
export interface HardStream {
  /** Completes the sentence "a parser takes …". */
  readonly name: string
  /** One character a byte if `bytes` is absent: UTF-8. */
  readonly body: string | Uint8Array
  readonly messages: readonly StandardMessage[]
  /** What `Last-Event-ID` says at the next request; empty: there is none. */
  readonly lastEventId: string
}

function message(data: string, lastEventId = '', type = 'message'): StandardMessage {
  return { type, data, lastEventId }
}

function bytes(...parts: readonly (string | number)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))))
}

function hard(
  name: string,
  body: string | Uint8Array,
  messages: StandardMessage[],
  lastEventId = '',
): HardStream {
  return { name, body, messages, lastEventId }
}

/** Each with the rule that it tries (HTML standard, sections 9.2.5 and 9.2.6). */
export const hardStreams: readonly HardStream[] = [
  hard('a byte order mark before the first line', '\uFEFFdata: 1\n\n', [message('1')]),
  hard('a second byte order mark, as part of a name', '\uFEFF\uFEFFdata: 1\n\ndata: 2\n\n', [message('2')]),
  hard('a byte order mark that is not at the beginning', 'data: 1\n\n\uFEFFdata: 2\n\n', [message('1')]),
  hard('lines that end in CR alone', 'data: 1\rdata: 2\r\rdata: 3\r\r', [message('1\n2'), message('3')]),
  hard('lines that end in CRLF', 'data: 1\r\ndata: 2\r\n\r\n', [message('1\n2')]),
  hard('all three line ends in one block', 'data: 1\rdata: 2\ndata: 3\r\n\n', [message('1\n2\n3')]),
  hard('LF CR as two ends of lines', 'data: 1\n\rdata: 2\n\n', [message('1'), message('2')]),
  hard('a stream that ends in CR', 'data: 1\r\r', [message('1')]),
  hard('only one space taken from a value', 'data:  1\ndata:\t2\ndata:3\n\n', [message(' 1\n\t2\n3')]),
  hard('a field without a colon as one with an empty value', 'data\n\ndata\ndata\n\n', [
    message(''),
    message('\n'),
  ]),
  hard('empty lines of data, wherever they stand', 'data:\ndata: 1\ndata:\n\n', [message('\n1\n')]),
  hard('a byte order mark in a value as a character', 'event: \uFEFFa\ndata: \uFEFF1\n\n', [
    message('\uFEFF1', '', '\uFEFFa'),
  ]),
  hard('colons in a value', 'data: a:b: c\n\ndata::\n\n', [message('a:b: c'), message(':')]),
  hard('field names in other letters as unknown', 'Data: 1\nDATA: 2\ndata : 3\n data: 4\ndata: 5\n\n', [
    message('5'),
  ]),
  hard('comments as nothing', ':\n: data: 1\n:data: 2\ndata: 3\n:\n\n', [message('3')]),
  hard('a block without data as no event, type forgotten', 'event: a\n\ndata: 1\n\n', [message('1')]),
  hard('an empty type as none', 'event: a\nevent:\ndata: 1\n\nevent\ndata: 2\n\n', [
    message('1'),
    message('2'),
  ]),
  hard('the last type of several', 'event: a\nevent: b\ndata: 1\n\n', [message('1', '', 'b')]),
  hard(
    'an id that stays for later events',
    'id: a\ndata: 1\n\ndata: 2\n\n',
    [message('1', 'a'), message('2', 'a')],
    'a',
  ),
  hard('an id-only block, which moves the id', 'id: a\n\ndata: 1\n\nid: b\n\n', [message('1', 'a')], 'b'),
  hard('an empty id, which takes the last one back', 'id: a\ndata: 1\n\nid\ndata: 2\n\n', [
    message('1', 'a'),
    message('2'),
  ]),
  hard(
    'an id with NUL, which counts for nothing',
    'id: a\ndata: 1\n\nid: b\0c\ndata: 2\n\n',
    [message('1', 'a'), message('2', 'a')],
    'a',
  ),
  hard('the id zero', 'id: 0\ndata: 1\n\n', [message('1', '0')], '0'),
  hard(
    'an id of other letters',
    'id: größe-日本-🙂\ndata: 1\n\n',
    [message('1', 'größe-日本-🙂')],
    'größe-日本-🙂',
  ),
  hard(
    'an id in a block that was cut off, which counts for nothing',
    'id: a\ndata: 1\n\nid: b\ndata: 2\n',
    [message('1', 'a')],
    'a',
  ),
  hard('an id line that was cut off', 'id: a\ndata: 1\n\nid: b', [message('1', 'a')], 'a'),
  hard('a last block without an empty line, which is no event', 'data: 1\n\ndata: 2\n', [message('1')]),
  hard('a last line without an end, which is no line', 'data: 1\n\ndata: 2\n\ndata: 3', [
    message('1'),
    message('2'),
  ]),
  hard('NUL in data, as it is', 'data: a\0b\n\n', [message('a\0b')]),
  hard('bytes that are no UTF-8 as U+FFFD', bytes('data: a', 0xff, 'b', 0xc3, '\n\n'), [
    message('a\uFFFDb\uFFFD'),
  ]),
  hard('other line ends of Unicode as characters', 'data: a\u2028b\u2029c\u0085d\u000be\u000cf\n\n', [
    message('a\u2028b\u2029c\u0085d\u000be\u000cf'),
  ]),
  hard('four bytes and two code units', 'data: 🙂\nevent: 🙂\n\n', [message('🙂', '', '🙂')]),
  hard('a retry that is no number, as nothing', 'retry: soon\nretry: 1.5\nretry: -1\nretry:\ndata: 1\n\n', [
    message('1'),
  ]),
  hard('empty lines before the first event', '\n\r\n\r\n\ndata: 1\n\n', [message('1')]),
]

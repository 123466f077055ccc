import { choice, count, duration, folder, size, text } from '../setting.ts'
import { readRedisAddress } from '../store-address.ts'
import { day, gib, tib, year } from '../units.ts'

/** Where events are kept, and how many of them. */
export const storeSettings = {
  data: folder({
    default: './.tidings',
    doc: 'The folder of the embedded database; it is made if missing.',
  }),
  store: text({
    default: '',
    placeholder: 'store',
    allowed:
      '"memory:", "sqlite:" and the path of a file, or "redis://USER:PASSWORD@HOST:PORT", percent-encoded',
    isAllowed: isStore,
    doc:
      'Where events are kept: `memory:`, `sqlite:PATH`, or for several nodes' +
      ' `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?name=LOG]` (`rediss` with TLS; `name` is `main` if absent);' +
      ' if empty, the file `tidings.db` in the data folder.',
  }),
  durability: choice(['fsync', 'os-buffer', 'memory'], {
    default: 'fsync',
    doc:
      'What an acknowledgement is worth at least: `fsync` survives a power cut, `os-buffer` only the death of the' +
      ' process, `memory` neither. A Redis that is set to less is refused; one that is set to more gives more.',
  }),
  retentionAgeMs: duration({
    default: day,
    min: 1,
    max: 10 * year,
    doc: 'How long an event is kept.',
  }),
  retentionEvents: count({
    default: 1_000_000,
    min: 1,
    max: 1_000_000_000,
    isLimit: true,
    doc: 'How many events are kept; the oldest go first.',
  }),
  retentionBytes: size({
    default: gib,
    min: 1,
    max: 16 * tib,
    isLimit: true,
    doc: 'How many bytes of topics, types and payloads are kept; the oldest events go first.',
  }),
  idempotencyWindowMs: duration({
    default: day,
    min: 1,
    max: year,
    doc: 'How long an Idempotency-Key is remembered.',
  }),
}

function isStore(store: string): boolean {
  if (store === '' || store === 'memory:' || readRedisAddress(store) !== undefined) return true
  return /^sqlite:./.test(store) && !store.includes('\0')
}

import { vi } from 'vitest'

/** What `vi.waitFor` waits for, where nothing else is said: a second, its own default, is short on a busy machine. */
const patience = { timeout: 30_000, interval: 10 }

const { waitFor } = vi

vi.waitFor = (look, options = {}) =>
  waitFor(look, { ...patience, ...(typeof options === 'number' ? { timeout: options } : options) })

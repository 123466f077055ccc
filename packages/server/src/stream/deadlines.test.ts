import { afterEach, expect, it, vi } from 'vitest'
import { Deadlines } from './deadlines.ts'

afterEach(() => vi.restoreAllMocks())

it('a clock that is set forward, as after a sleep of the computer, brings what is due by it at once', async () => {
  const deadlines = new Deadlines()
  const inAnHour = Date.now() + 60 * 60 * 1_000
  const called = vi.fn()
  deadlines.add({ onDeadline: called }, inAnHour)
  vi.spyOn(Date, 'now').mockReturnValue(inAnHour + 1_000)
  // Nobody writes, so that nobody else looks.
  await vi.waitFor(() => expect(called).toHaveBeenCalledExactlyOnceWith(inAnHour + 1_000), 30_000)
  deadlines.close()
})

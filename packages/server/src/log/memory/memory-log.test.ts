import { logContract } from '@tidings/conformance'
import { createMemoryLog } from './memory-log.ts'

const nothingOutlives = 'memory ends with the process'

logContract(
  'memory',
  async (options) => {
    const log = createMemoryLog(options)
    return { log, clean: () => log.close() }
  },
  {
    'a log that is opened again stands where it stood': nothingOutlives,
    'a retry after the log was opened again answers the same ids': nothingOutlives,
    'numbers go on after everything is trimmed and the log is opened again': nothingOutlives,
    'an epoch outlives the process': nothingOutlives,
    'what was acknowledged before closing is there when the log is opened again': nothingOutlives,
  },
)

import type { Case } from './case.ts'
import { fairnessCase } from './fairness.ts'
import { fanoutCases } from './fanout.ts'
import { idleCase } from './idle.ts'
import { publishCases } from './publish.ts'
import { reconnectCase } from './reconnect.ts'
import { resumeCases } from './resume.ts'
import { secureCase } from './secure.ts'
import { startCase } from './start.ts'
import { workersCase } from './workers.ts'

/** Every case, in the order of the table. */
export const cases: readonly Case[] = [
  ...fanoutCases,
  idleCase,
  secureCase,
  workersCase,
  ...publishCases,
  ...resumeCases,
  reconnectCase,
  startCase,
  fairnessCase,
]

export type { LogCase, OpenedLog, OpenLog, OpenOptions } from './log-case.ts'
export { logCases } from './log-cases.ts'
export { type Exceptions, logContract } from './log-contract.ts'

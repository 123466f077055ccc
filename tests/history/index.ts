export { checkHistory } from './checker.ts'
export type { LogFacts, Violation } from './history.ts'
export { checkConduct, checkResources, type Sample } from './resources.ts'

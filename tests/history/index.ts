export { checkHistory } from './checker.ts'
export type { History, LogFacts, Violation } from './history.ts'
export { plantBugs } from './planting.ts'
export { checkConduct, checkResources, type Sample } from './resources.ts'

export { checkHistory } from './checker.ts'
export type {
  History,
  LogFacts,
  Outcome,
  Publication,
  SentEvent,
  Step,
  StreamHistory,
  Violation,
} from './history.ts'
export { checkConduct, checkResources, type Sample } from './resources.ts'

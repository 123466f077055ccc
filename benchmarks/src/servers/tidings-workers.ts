import type { Contender } from './contender.ts'
import { startTidings, tidings } from './tidings.ts'

/** Tidings as two workers on one port, with the file's owner beside them. */
export const tidingsWorkers: Contender = {
  ...tidings,
  name: 'tidings-workers',
  label: 'Tidings, 2 workers',
  start: (options) => startTidings(options, undefined, ['--workers', '2']),
}

import fc from 'fast-check'

/**
 * Property tests draw the same cases in every run, so that a red run is the change's doing, and red for everybody.
 * `SEED=random` draws others; a case that fails prints its seed, and `SEED=<that>` draws it again.
 */
const { SEED = '1' } = process.env
if (SEED !== 'random' && !/^-?\d+$/.test(SEED))
  throw new Error(`SEED is "${SEED}": give a whole number, or "random".`)

fc.configureGlobal(SEED === 'random' ? {} : { seed: Number(SEED) })

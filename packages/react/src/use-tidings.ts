import { createContext, useContext } from 'react'
import type { Tidings, TidingsRoot } from './tidings.ts'

/** Where a provider puts what it offers. */
export const TidingsContext = createContext<TidingsRoot | undefined>(undefined)

/**
 * The stream, the REST API and the user of the provider above.
 * @throws Error if there is none.
 */
export function useTidings(): Tidings {
  return useTidingsRoot()
}

/** The same, with what the hooks of this package share. */
export function useTidingsRoot(): TidingsRoot {
  const root = useContext(TidingsContext)
  if (root === undefined)
    throw new Error('There is no <TidingsProvider> above this component: put one around the app.')
  return root
}

import { createContext, useContext, useMemo } from 'react'
import { defaultLabels, type Labels } from './labels.ts'

/** Labels for all components below a provider. */
export const LabelsContext = createContext<Partial<Labels> | undefined>(undefined)

/** A component's words: its own, else those of the provider, else English. */
export function useLabels(own: Partial<Labels> | undefined): Labels {
  const provided = useContext(LabelsContext)
  return useMemo(() => ({ ...defaultLabels, ...provided, ...own }), [provided, own])
}

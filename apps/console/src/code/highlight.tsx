import { memo } from 'react'
import { type Language, tokenize } from './token.ts'

interface HighlightProps {
  readonly code: string
  readonly language: Language
}

/** Code in colours. */
export const Highlight = memo(function Highlight({ code, language }: HighlightProps) {
  return tokenize(code, language).map(({ kind, text }, index) =>
    kind === 'plain' ? (
      text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text have no other name.
      <span key={index} className={`token-${kind}`}>
        {text}
      </span>
    ),
  )
})

import { type RefObject, useEffect, useState } from 'react'

interface CopyButtonProps {
  /** The element whose text is copied. */
  readonly source: RefObject<HTMLElement | null>
  /** Names the text for a reader of screens, e.g. "the notification stream". */
  readonly what: string
}

/** How long "Copied" stands, in milliseconds. */
const confirmationMs = 1_600

/** Copies the text of an element. */
export function CopyButton({ source, what }: CopyButtonProps) {
  const [label, setLabel] = useState('Copy')

  useEffect(() => {
    if (label === 'Copy') return undefined
    const timer = setTimeout(() => setLabel('Copy'), confirmationMs)
    return () => clearTimeout(timer)
  }, [label])

  async function copy(): Promise<void> {
    const element = source.current!
    try {
      await navigator.clipboard.writeText(element.textContent)
      setLabel('Copied')
    } catch {
      // Pages that came over plain HTTP from another machine have no clipboard: leave the text selected.
      getSelection()?.selectAllChildren(element)
      setLabel('Selected')
    }
  }

  return (
    <button type="button" className="copy" aria-label={`${label}: ${what}`} onClick={() => void copy()}>
      {label}
    </button>
  )
}

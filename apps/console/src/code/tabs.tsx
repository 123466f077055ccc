import { type KeyboardEvent, useRef } from 'react'

interface TabsProps {
  readonly label: string
  readonly names: readonly string[]
  readonly chosen: number
  readonly onChoose: (index: number) => void
  /** The id of what the tabs change. */
  readonly panel: string
}

/** A row of tabs: arrow keys go from one to the next, Tab leaves the row. */
export function Tabs({ label, names, chosen, onChoose, panel }: TabsProps) {
  const row = useRef<HTMLDivElement>(null)

  function move(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = (chosen + step + names.length) % names.length
    onChoose(next)
    row.current?.querySelectorAll('button')[next]?.focus()
  }

  return (
    <div ref={row} role="tablist" aria-label={label} className="tabs" onKeyDown={move}>
      {names.map((name, index) => (
        <button
          key={name}
          type="button"
          role="tab"
          className="tab"
          aria-selected={index === chosen}
          aria-controls={panel}
          tabIndex={index === chosen ? 0 : -1}
          onClick={() => onChoose(index)}
        >
          {name}
        </button>
      ))}
    </div>
  )
}

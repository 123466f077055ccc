import { useId, useRef, useState } from 'react'
import { CopyButton } from './copy-button.tsx'
import { Highlight } from './highlight.tsx'
import { Tabs } from './tabs.tsx'
import type { Language } from './token.ts'

/** The same thing done in one language, or with one tool. */
export interface Sample {
  readonly name: 'Client' | 'React' | 'curl' | 'Shell'
  readonly code: string
}

interface CodeCardProps {
  /** What the code does, for a reader of screens: completes "the code for …". */
  readonly what: string
  readonly samples: readonly Sample[]
}

/** The lines of code that do what the demonstration beside them does. */
export function CodeCard({ what, samples }: CodeCardProps) {
  const id = useId()
  const code = useRef<HTMLElement>(null)
  const [chosen, choose] = useState(0)
  const sample = samples[chosen]!
  return (
    <figure className="code-card" aria-label={`The code for ${what}`}>
      <div className="code-bar">
        <Tabs
          label={`Languages for ${what}`}
          panel={id}
          names={samples.map(({ name }) => name)}
          chosen={chosen}
          onChoose={choose}
        />
        <CopyButton source={code} what={`the code for ${what}`} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, and keys must reach them. */}
      <pre id={id} role="tabpanel" aria-label={`${sample.name}: ${what}`} tabIndex={0}>
        <code ref={code}>
          <Highlight code={sample.code} language={languageOf(sample)} />
        </code>
      </pre>
    </figure>
  )
}

function languageOf({ name }: Sample): Language {
  return name === 'curl' || name === 'Shell' ? 'sh' : 'js'
}

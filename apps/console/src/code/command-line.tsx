import { useRef } from 'react'
import { CopyButton } from './copy-button.tsx'
import { Highlight } from './highlight.tsx'

interface CommandLineProps {
  readonly command: string
  /** Names the command for a reader of screens. */
  readonly what: string
}

/** One command of a shell, with a button that copies it. */
export function CommandLine({ command, what }: CommandLineProps) {
  const code = useRef<HTMLElement>(null)
  return (
    <div className="command-line">
      <code ref={code}>
        <Highlight code={command} language="sh" />
      </code>
      <CopyButton source={code} what={what} />
    </div>
  )
}

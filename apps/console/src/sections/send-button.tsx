import { useState } from 'react'

interface SendButtonProps {
  readonly children: string
  /** Publishes. */
  readonly onSend: () => Promise<unknown>
  readonly className?: string
}

/** Publishes something, and says so if that went wrong. */
export function SendButton({ children, onSend, className = '' }: SendButtonProps) {
  const [problem, setProblem] = useState<string>()
  return (
    <>
      <button
        type="button"
        className={`button small ${className}`}
        onClick={() => {
          setProblem(undefined)
          onSend().catch((error: Error) => setProblem(error.message))
        }}
      >
        {children}
      </button>
      {problem !== undefined && (
        <span className="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  )
}

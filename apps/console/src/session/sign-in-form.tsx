import { type FormEvent, useEffect, useRef, useState } from 'react'
import { CommandLine } from '../code/command-line.tsx'
import { type Session, signIn } from './session.ts'

interface SignInFormProps {
  /** Why the reader is asked, if there is more to say than that they are. */
  readonly why?: string | undefined
  readonly onEntered: (session: Session) => void
}

/** Takes a token, and lets its user in. */
export function SignInForm({ why, onEntered }: SignInFormProps) {
  const token = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)

  useEffect(() => token.current?.focus(), [])

  async function enter(event: FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      onEntered(await signIn(token.current!.value.trim()))
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      token.current?.select()
    } finally {
      setBusy(false)
    }
  }

  return (
    <section className="card sign-in" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">Sign in</h2>
      <p className="soft">This server asks everybody who they are. Paste a token, and see what is yours.</p>
      <p className="sign-in-why" role="status">
        {why}
      </p>
      <form onSubmit={enter} autoComplete="off">
        <label className="field">
          Token
          <input
            ref={token}
            type="password"
            className="mono"
            required
            spellCheck={false}
            autoComplete="off"
          />
        </label>
        <p className="problem" role="alert">
          {problem}
        </p>
        <button type="submit" className="button primary" disabled={isBusy}>
          Sign in
        </button>
      </form>
      <p className="soft">Whoever runs the server makes a token like this:</p>
      <CommandLine command="npx tidings token --user you" what="making a token" />
      <p className="soft">
        The page keeps the token in a cookie that no script can read, and only for as long as it counts.
      </p>
    </section>
  )
}

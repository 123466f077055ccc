import { formatShortTime } from '../clock.ts'
import { type Session, signOut } from './session.ts'

/** Says who may what here, in one line. */
export function SessionNote({ session }: { readonly session: Session }) {
  const { mode, user, endsAtMs } = session
  if (mode === 'dev') {
    return (
      <p className="session-note">
        <span className="badge warning">Dev mode</span>
        <span>
          Anybody on this machine can read and publish everything. <code>docs/security.md</code> leads to
          production.
        </span>
      </p>
    )
  }
  return (
    <p className="session-note">
      <span>
        Signed in as <strong>{user}</strong>
        {endsAtMs === undefined ? '' : `, until ${formatShortTime(endsAtMs)}`}
      </span>
      <button
        type="button"
        className="button small"
        onClick={() => void signOut().then(() => location.reload())}
      >
        Sign out
      </button>
    </p>
  )
}

import type { Kind } from './drafts.ts'

const tones = ['success', 'info', 'warning', 'error']

/** The fields of each kind, filled with what a reader can send at once. */
export function KindFields({ kind, user }: { readonly kind: Kind; readonly user: string }) {
  switch (kind) {
    case 'notification':
      return (
        <fieldset className="fields">
          <legend className="unseen">Notification for {user}</legend>
          <div className="tones" role="radiogroup" aria-label="Type">
            {tones.map((tone) => (
              <label key={tone} className="tone" data-tone={tone}>
                <input type="radio" name="type" value={tone} defaultChecked={tone === 'success'} />
                <span>{tone}</span>
              </label>
            ))}
          </div>
          <label className="field">
            Title
            <input name="title" defaultValue="Deploy complete" required maxLength={200} />
          </label>
          <label className="field">
            Message
            <input name="message" defaultValue="v2.3.1 deployed to production" required maxLength={4000} />
          </label>
          <label className="field">
            <span>
              Link <span className="soft">optional</span>
            </span>
            <input name="link" placeholder="/docs or https://…" maxLength={2000} />
          </label>
        </fieldset>
      )
    case 'announcement':
      return (
        <fieldset className="fields">
          <legend className="unseen">Announcement for everybody</legend>
          <label className="field">
            Title
            <input name="title" defaultValue="Scheduled maintenance" required maxLength={200} />
          </label>
          <label className="field">
            Message
            <textarea
              name="message"
              rows={4}
              defaultValue="Database maintenance at 2am UTC"
              required
              maxLength={4000}
            />
          </label>
        </fieldset>
      )
    case 'update':
      return (
        <fieldset className="fields">
          <legend className="unseen">Update for everybody</legend>
          <label className="field">
            <span>
              Body <span className="soft">any JSON</span>
            </span>
            <textarea
              name="body"
              rows={7}
              className="mono"
              defaultValue={'{\n  "orders": 128,\n  "revenue": 4210.5\n}'}
            />
          </label>
        </fieldset>
      )
    case 'activity':
      return (
        <fieldset className="fields">
          <legend className="unseen">Activity</legend>
          <label className="field">
            Type
            <input name="type" defaultValue="deploy" required maxLength={64} list="activity-types" />
          </label>
          <datalist id="activity-types">
            {['deploy', 'commit', 'review', 'alert'].map((type) => (
              <option key={type} value={type} />
            ))}
          </datalist>
          <label className="field">
            Message
            <input name="message" defaultValue="api rolled out to 3 of 3 regions" required maxLength={4000} />
          </label>
        </fieldset>
      )
    case 'event':
      return (
        <fieldset className="fields">
          <legend className="unseen">Any event, to any topic</legend>
          <div className="pair">
            <label className="field">
              Topic
              <input name="topic" defaultValue="orders/42" required maxLength={256} className="mono" />
            </label>
            <label className="field">
              Type
              <input name="type" defaultValue="shipped" maxLength={64} className="mono" />
            </label>
          </div>
          <label className="field">
            <span>
              Data <span className="soft">JSON, or plain text</span>
            </span>
            <textarea name="data" rows={4} className="mono" defaultValue={'{"by": "train", "parcels": 2}'} />
          </label>
        </fieldset>
      )
  }
}

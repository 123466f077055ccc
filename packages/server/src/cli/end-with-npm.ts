/** What npm starts and waits for: `npx tidings`, `npm start`. Scripts may also leave a server running on purpose. */
const waitedFor: ReadonlySet<string | undefined> = new Set(['npx', 'start'])

/** How often the parent is looked at, in milliseconds. */
const lookMs = 500

let watch: NodeJS.Timeout | undefined

/**
 * Ends a server in order when the npm is gone that has started it. A signal to npm ends npm and its shell, but does not
 * reach their child: whoever stops `npx tidings` by its process id means the server, which would go on and hold the port.
 */
export function endWithNpm(): void {
  if (!waitedFor.has(process.env.npm_lifecycle_event)) return
  const parent = process.ppid
  watch = setInterval(() => {
    if (process.ppid === parent) return
    leaveNpm()
    process.kill(process.pid, 'SIGTERM')
  }, lookMs)
  watch.unref()
}

/** For whoever ends in order already: that npm, which has got the same signal, is gone before must not be a second one. */
export function leaveNpm(): void {
  clearInterval(watch)
}

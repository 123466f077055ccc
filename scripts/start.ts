import { buildConsoleIfStale } from './build-console.ts'

/** What `npm start` runs: `tidings serve` with all arguments passed on, and the page at its root up to date. */
await buildConsoleIfStale()
endWithParent()
process.argv.splice(2, 0, 'serve')
await import('../packages/server/src/cli/main.ts')

/** A signal to npm ends npm and its shell, but does not reach their child: whoever stops `npm start` means the server. */
function endWithParent(): void {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 500)
  watch.unref()
}

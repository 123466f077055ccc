import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with one line that programs read too: `N passed, N failed, N skipped`. Before it, what passed only when tried again. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
    const unsteady: string[] = []
    for (const module of modules) {
      // A file that could not be loaded has no tests to fail.
      if (module.state() === 'failed' && module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state !== 'pending') counts[state]++
        if (test.diagnostic()?.flaky) unsteady.push(`${module.relativeModuleId} > ${test.fullName}`)
      }
    }
    process.on('exit', () => {
      for (const name of unsteady) process.stdout.write(`\nUNSTEADY, passed at the second try: ${name}`)
      process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
    })
  }
}

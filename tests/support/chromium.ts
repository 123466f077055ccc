import { type Browser, chromium } from 'playwright-core'
import { requireProgram } from './programs.ts'

const executablePath = requireProgram('chromium')

/** What waits in the browser, for an element to come for example, is as patient as all other waits, in milliseconds. */
const patienceMs = 60_000

/** Whether suites that need a browser must be skipped: `describe.skipIf(isChromiumMissing)(…)`. */
export const isChromiumMissing = executablePath === undefined

/**
 * Starts Debian's Chromium, headless, with an empty profile that is deleted when it is closed. It reaches
 * nothing but this machine.
 * @param moreArguments for its command line.
 */
export async function launchChromium(moreArguments: readonly string[] = []): Promise<Browser> {
  if (executablePath === undefined)
    throw new Error('Chromium is missing; skip the suite with isChromiumMissing.')
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    timeout: patienceMs,
    args: [
      // As root, which most containers are, Chromium refuses to start with its sandbox.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Whatever it still wants to look up is not found, and so nothing leaves the machine.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
      ...moreArguments,
    ],
  })
  browser.on('context', (context) => context.setDefaultTimeout(patienceMs))
  return browser
}

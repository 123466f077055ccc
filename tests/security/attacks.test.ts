import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('./attacker.ts', import.meta.url))

it('a server in production holds against everything that the attacker’s script tries', {
  timeout: 300_000,
}, async () => {
  const args = ['--conditions=tidings-source', '--disable-warning=ExperimentalWarning', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 }).catch(
    (error: { stdout: string; stderr: string }) => ({ stdout: `${error.stdout}\n${error.stderr}` }),
  )
  process.stdout.write(`\n${stdout}\n`)
  const [, held, all] = /^(\d+) of (\d+) held$/m.exec(stdout) ?? []
  expect(stdout).not.toContain('FAILED')
  expect(Number(all)).toBeGreaterThan(35)
  expect(held).toBe(all)
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

// What `npx tidings serve` starts: a server with a log on disk, for this machine only.
const library = import.meta.resolve('tidings')
const cli = fileURLToPath(new URL(library.endsWith('.ts') ? 'cli/main.ts' : 'cli/main.js', library))
const address = Number(process.env.TIDINGS_PORT ?? 3000)
process.env.TIDINGS_URL = `http://127.0.0.1:${address}`
const tidings = spawn(process.execPath, [...process.execArgv, cli, 'serve', '--port', String(address)], {
  stdio: ['ignore', 'inherit', 'inherit'],
})

// The page, beside it: vite.config.ts passes on to the server what is for it.
const { createServer } = await import('vite')
const page = await createServer({
  configFile: `${import.meta.dirname}/vite.config.ts`,
  server: { port: Number(process.env.PORT ?? 5173) },
})
await page.listen()
const found = page.httpServer?.address()
console.log(`http://127.0.0.1:${typeof found === 'object' ? found?.port : ''}`)

// Neither is of use without the other.
const endWith = (code: number | null) => process.exit(code ?? 1)
tidings.once('exit', endWith)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Vite's own would end this process before the server has said goodbye to its streams.
  process.removeAllListeners(signal)
  process.once(signal, async () => {
    tidings.off('exit', endWith)
    const gone = once(tidings, 'exit')
    tidings.kill(signal)
    await Promise.all([page.close(), gone])
    process.exit(0)
  })
}

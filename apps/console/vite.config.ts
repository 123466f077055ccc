import { fileURLToPath } from 'node:url'
import { defaultClientConditions, defineConfig } from 'vite'

/** The page is served by the Tidings server itself, under a policy that allows nothing inline. */
export default defineConfig({
  root: import.meta.dirname,
  // The client and the kit are taken from their sources: the page needs no build of theirs before its own.
  resolve: { conditions: ['tidings-source', ...defaultClientConditions] },
  // Whoever builds it, a test run too: React is built for use, not for development.
  define: { 'process.env.NODE_ENV': '"production"' },
  oxc: { jsx: { runtime: 'automatic', development: false } },
  build: {
    outDir: fileURLToPath(new URL('../../packages/server/console/', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    // There is one script, so nothing to preload, and the policy wants no more code than there must be.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      onLog(level, log, report) {
        // The kit says `use client` for frameworks that render on a server; here everything is the client.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log)
      },
    },
  },
})

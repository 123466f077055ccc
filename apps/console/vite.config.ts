import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The page is served by the Tidings server itself, under a policy that allows nothing inline. */
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: fileURLToPath(new URL('../../packages/server/console/', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    // There is one script, so nothing to preload, and the policy wants no more code than there must be.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
})

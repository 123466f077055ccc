import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The page is served by the Tidings server itself, under a policy that allows nothing inline. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['tidings-source', 'module', 'browser', 'production'] },
  build: {
    outDir: fileURLToPath(new URL('../../packages/server/console/', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    // The polyfill would be a second script for browsers that lack EventSource's niceties anyway.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
})

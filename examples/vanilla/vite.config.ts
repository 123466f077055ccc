import { defineConfig } from 'vite'

/** The Tidings server behind the page: in production a reverse proxy does the same. */
const target = process.env.TIDINGS_URL ?? 'http://127.0.0.1:3000'
const proxy = { '/events': target, '/api': target, '/streams': target }

export default defineConfig({
  root: import.meta.dirname,
  // The packages of this repository are used as they are written, without a build in between.
  resolve: { conditions: ['tidings-source', 'module', 'browser', 'development|production'] },
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
})

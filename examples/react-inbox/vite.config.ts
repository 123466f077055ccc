import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // Inside this repository the packages are taken as they are written; yours come from npm and need no conditions.
  resolve: { conditions: ['tidings-source', 'module', 'browser', 'development|production'] },
  oxc: { jsx: { runtime: 'automatic' } },
})

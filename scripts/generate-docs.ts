import { readFileSync, writeFileSync } from 'node:fs'
import { insertSettings } from '../packages/server/src/config/settings-markdown.ts'

// Rewrites the parts of docs/ that come from the code. A unit test says when this is due.
const page = new URL('../docs/configuration.md', import.meta.url)
writeFileSync(page, insertSettings(readFileSync(page, 'utf8')))

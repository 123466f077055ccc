import { fileURLToPath } from 'node:url'
import { buildConsoleIfStale } from './build-console.ts'
import { buildPackage, checkPackage, packages } from './build-package.ts'

/** Builds what is published: each package's `dist`, in the order in which they import each other, and the console. */

const folders = packages.map((name) => fileURLToPath(new URL(`../packages/${name}`, import.meta.url)))

for (const folder of folders) buildPackage(folder)
await buildConsoleIfStale()
for (const folder of folders) checkPackage(folder)

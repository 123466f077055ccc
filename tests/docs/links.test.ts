import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isForeign = (name: string) => name === 'node_modules' || name === 'dist' || name.startsWith('.')
const pages = globSync('**/*.md', {
  cwd: root,
  exclude: (path) => path.split('/').some(isForeign),
})

const read = (page: string) => readFileSync(join(root, page), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const times = new Map<string, number>()
  const anchors = [...read(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-')
    const before = times.get(anchor) ?? 0
    times.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  })
  return new Set(anchors)
}

/** The links of a page that stay in the repository, those of its pictures among them. */
function linksOf(page: string): string[] {
  const prose = read(page).replaceAll(/`[^`\n]*`/g, '')
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g), ...prose.matchAll(/(?:src|srcset|href)="([^"]+)"/g)]
  return links.map(([, link]) => link!).filter((link) => !/^https?:/.test(link))
}

it('every link of every page leads somewhere', () => {
  const astray: string[] = []
  for (const page of pages) {
    for (const link of linksOf(page)) {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : join(dirname(page), path)
      const isThere = existsSync(join(root, target)) && (!anchor || anchorsOf(target).has(anchor))
      if (!isThere) astray.push(`${page}: ${link}`)
    }
  }
  expect(astray).toEqual([])
  expect(pages.length).toBeGreaterThan(30)
})

it('every page and picture of docs/ is linked from some other page', () => {
  const linked = new Set(
    pages.flatMap((page) => linksOf(page).map((link) => join(dirname(page), link.replace(/#.*/, '')))),
  )
  const all = globSync('docs/**/*.{md,png}', { cwd: root })
  expect(all.filter((path) => !linked.has(path))).toEqual([])
  expect(all.length).toBeGreaterThan(20)
})

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** A piece of code of a page. */
export interface Snippet {
  readonly language: string
  /** What follows the language, e.g. `run`. */
  readonly mark: string
  readonly code: string
  /** The line of the page that the code begins at, from 1. */
  readonly line: number
}

/** The text of a page of the repository, by its path. */
export function readPage(path: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
}

/** The pieces of code of a page, in order. */
export function snippetsOf(page: string): Snippet[] {
  return [...page.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = '', mark = '', code = ''] = match
    return { language, mark, code, line: page.slice(0, match.index).split('\n').length + 1 }
  })
}

/** What a piece of code says that it prints: what stands after `// →`. */
export function promises({ code }: Snippet): string[] {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text = '']) => text)
}

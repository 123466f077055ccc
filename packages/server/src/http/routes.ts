/** One route: a method and a template such as `/events/:userId`. */
export interface RouteName {
  readonly method: string
  readonly url: string
}

/**
 * Remembers every route that is added, so that a request with the wrong method can be told the right ones, and
 * so that the description can be compared with what there is.
 */
export class Routes {
  readonly #methods = new Map<string, Set<string>>()

  /** Called for each route. */
  add({ method, url }: { readonly method: string | readonly string[]; readonly url: string }): void {
    const known = this.#methods.get(url) ?? new Set()
    this.#methods.set(url, known)
    for (const one of typeof method === 'string' ? [method] : method) known.add(one)
  }

  /** All routes, by template. */
  get names(): RouteName[] {
    return [...this.#methods].flatMap(([url, methods]) => [...methods].map((method) => ({ method, url })))
  }

  /** The methods that a path answers, sorted; none if there is nothing. */
  allowed(path: string): string[] {
    const methods = new Set<string>()
    for (const [url, known] of this.#methods) {
      if (matches(url.split('/'), path.split('/'))) for (const method of known) methods.add(method)
    }
    return [...methods].sort()
  }
}

function matches(template: readonly string[], path: readonly string[]): boolean {
  if (template.length !== path.length) return false
  return template.every((segment, index) => {
    const given = path[index]!
    return segment.startsWith(':') ? given !== '' : segment === given
  })
}

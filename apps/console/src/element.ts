/** What a new element is given. Text is always text: nothing on this page is ever parsed as HTML. */
export interface ElementOptions {
  readonly className?: string
  readonly text?: string
  /** `data-…` attributes, by their camel-case names. */
  readonly dataset?: Readonly<Record<string, string>>
  readonly attributes?: Readonly<Record<string, string>>
}

/** Makes an element. Children that are `undefined` are left out, so that callers can write optional parts inline. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  options: ElementOptions = {},
  ...children: readonly (Node | undefined)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  if (options.className !== undefined) made.className = options.className
  if (options.text !== undefined) made.textContent = options.text
  for (const [name, value] of Object.entries(options.dataset ?? {})) made.dataset[name] = value
  for (const [name, value] of Object.entries(options.attributes ?? {})) made.setAttribute(name, value)
  for (const child of children) if (child !== undefined) made.append(child)
  return made
}

/**
 * Finds a part of the page.
 * @throws TypeError if index.html has no such element: the two files no longer belong together.
 */
export function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new TypeError(`index.html has no ${kind.name} with the id "${id}".`)
}

import { element } from './element.ts'

/** What a shell passes on unchanged without quotes. */
const plainWord = /^[\w@%+=:,./-]+$/
/** How long "Copied" stands, in milliseconds. */
const confirmationMs = 1_600

/** A command that does the same as the card it stands in, with a button that copies it. */
export class CurlLine {
  readonly #code = element('code')
  readonly #button = element('button', { className: 'copy', text: 'Copy', attributes: { type: 'button' } })

  /** @param what names the command for a reader of screens, e.g. "the notification stream". */
  constructor(host: HTMLElement, what: string) {
    this.#button.setAttribute('aria-label', `Copy the command for ${what}`)
    this.#button.addEventListener('click', () => void this.#copy())
    host.append(this.#code, this.#button)
  }

  show(command: string): void {
    // Writing the same text again would undo a reader's selection.
    if (this.#code.textContent === command) return
    this.#code.textContent = command
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#code.textContent)
      this.#button.textContent = 'Copied'
    } catch {
      // Pages that came over plain HTTP from another machine have no clipboard: leave the text selected.
      getSelection()?.selectAllChildren(this.#code)
      this.#button.textContent = 'Selected'
    }
    setTimeout(() => {
      this.#button.textContent = 'Copy'
    }, confirmationMs)
  }
}

/** A word of a command line, quoted if a shell would read anything into it. */
export function quote(word: string): string {
  return plainWord.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** `curl -N …`: opens one of this server's streams. @param lastId where to go on from; from now on, unless told. */
export function streamCommand(path: string, lastId?: string): string {
  const command = `curl -N ${quote(address(path))}${credential()}`
  return lastId === undefined ? command : `${command} -H ${quote(`Last-Event-ID: ${lastId}`)}`
}

/** `curl -X POST …` with a JSON body. */
export function postCommand(path: string, body: unknown): string {
  return `curl -X POST ${quote(address(path))}${credential()} -H 'Content-Type: application/json' -d ${quote(JSON.stringify(body))}`
}

/** Where the server asks who somebody is, a key or a token comes from the shell's environment, as for `tidings`. */
function credential(): string {
  return document.body.dataset.access === 'everything' ? '' : ' -H "Authorization: Bearer $TIDINGS_KEY"'
}

/** curl assumes http, so that the short form is enough where the page itself came by http. */
function address(path: string): string {
  return `${location.protocol === 'http:' ? location.host : location.origin}${path}`
}

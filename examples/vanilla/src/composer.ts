import { type Api, TidingsRequestError } from '@tidings/client/api'
import type { Notice } from './notice.ts'

const form = document.querySelector<HTMLFormElement>('#composer')!
const button = form.querySelector('button')!
const problem = document.querySelector<HTMLElement>('#problem')!
const author = form.elements.namedItem('author') as HTMLInputElement
const text = form.elements.namedItem('text') as HTMLTextAreaElement

/** Publishes what is written, to the topic that `topic` names at that moment. */
export function startComposer(api: Api, topic: () => string): void {
  author.value = localStorage.getItem('author') ?? ''
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    localStorage.setItem('author', author.value)
    const data: Notice = { author: author.value.trim(), text: text.value.trim() }
    button.disabled = true
    problem.textContent = ''
    try {
      // It resolves when the notice is on the server's disk, and is sent again until then: stored once all the same.
      await api.publish({ topic: topic(), type: 'notice', data })
      text.value = ''
    } catch (error) {
      if (!(error instanceof TidingsRequestError)) throw error
      problem.textContent = `Not pinned up: ${error.message}`
    } finally {
      button.disabled = false
      text.focus()
    }
  })
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    form.requestSubmit()
  })
}

import { createContext, useContext } from 'react'

/** What a shell passes on unchanged without quotes. */
const plainWord = /^[\w@%+=:,./-]+$/

/** Whether a command has to say who it is: not in dev mode. */
export const NeedsCredential = createContext(false)

/** Commands for a shell that do what the page does. */
export interface Commands {
  /** `curl -N …`: opens one of this server's streams. @param lastId where to go on from; from now on, unless told. */
  stream(path: string, lastId?: string): string
  /** `curl …`: reads JSON. */
  read(path: string): string
  /** `curl -X POST …` with a JSON body. */
  post(path: string, body: unknown): string
}

/** Where the server asks who somebody is, a key or a token comes from the shell's environment, as for `tidings`. */
export function useCommands(): Commands {
  const credential = useContext(NeedsCredential) ? ' \\\n  -H "Authorization: Bearer $TIDINGS_KEY"' : ''
  return {
    stream(path, lastId) {
      const header = lastId === undefined ? '' : ` \\\n  -H ${quote(`Last-Event-ID: ${lastId}`)}`
      return `curl -N ${quote(address(path))}${credential}${header}`
    },
    read: (path) => `curl ${quote(address(path))}${credential}`,
    post: (path, body) =>
      `curl -X POST ${quote(address(path))}${credential} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quote(JSON.stringify(body))}`,
  }
}

/** A word of a command line, quoted if a shell would read anything into it. */
function quote(word: string): string {
  return plainWord.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** curl assumes http, so that the short form is enough where the page itself came by http. */
function address(path: string): string {
  return `${location.protocol === 'http:' ? location.host : location.origin}${path}`
}

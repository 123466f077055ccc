import { evenIfFull, loadScript, type Script } from '../../../redis/script.ts'

function script(name: string): Script {
  const shared = new URL('./lua/credentials.lua', import.meta.url)
  return loadScript(shared, new URL(`./lua/${name}.lua`, import.meta.url))
}

/** What a store of credentials asks of Redis, each in one step; what goes in and comes out stands at the head of each file. */
export const scripts = Object.freeze({
  look: script('look'),
  addKey: script('add-key'),
  revoke: evenIfFull(script('revoke')),
  addSecret: script('add-secret'),
  restore: evenIfFull(script('restore')),
})

import { loadScript, type Script } from '../../redis/script.ts'

function script(name: string): Script {
  return loadScript(new URL('./lua/log.lua', import.meta.url), new URL(`./lua/${name}.lua`, import.meta.url))
}

/** What a log asks of Redis, each in one step; what goes in and comes out stands at the head of each file. */
export const scripts = Object.freeze({
  append: script('append'),
  follow: script('follow'),
  read: script('read'),
  rotate: script('rotate'),
  spell: script('spell'),
  stand: script('stand'),
  trim: script('trim'),
  walk: script('walk'),
})

import { Door } from './door.ts'

const door = new Door()
const session = await door.open()
// What stands behind the door looks for its data as soon as it is loaded.
const { openPage } = await import('./page.ts')
await openPage(session, door)

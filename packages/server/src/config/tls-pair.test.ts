import { expect, it } from 'vitest'
import { resolveSettings } from './settings.ts'

it('a certificate without its key, and a key without its certificate, are refused, and the other is named', () => {
  expect(() => resolveSettings({ tlsCert: 'cert.pem' })).toThrow(
    'tlsKey (missing) is needed too, as there is tlsCert; give both files for HTTPS, or neither for HTTP.',
  )
  expect(() => resolveSettings({ tlsKey: 'key.pem' })).toThrow('tlsCert (missing) is needed too')
  expect(resolveSettings({ tlsCert: 'cert.pem', tlsKey: 'key.pem' })).toMatchObject({ tlsKey: 'key.pem' })
})

import type { ConfigProblem } from './config-error.ts'

/** Refuses half of what HTTPS needs: a server that quietly went on without encryption would be worse than none. */
export function checkTlsPair(settings: {
  readonly tlsCert: string
  readonly tlsKey: string
}): ConfigProblem | undefined {
  const { tlsCert, tlsKey } = settings
  if ((tlsCert === '') === (tlsKey === '')) return undefined
  const [missing, given] = tlsCert === '' ? ['tlsCert', 'tlsKey'] : ['tlsKey', 'tlsCert']
  return {
    key: missing,
    source: 'missing',
    remedy: `is needed too, as there is ${given}; give both files for HTTPS, or neither for HTTP`,
  }
}

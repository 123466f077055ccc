const authority =
  'start this process with NODE_EXTRA_CA_CERTS=FILE, the certificate of the authority that signed that of Redis'

/** What keeps TLS from coming about, by the codes of Node, and what to do. */
const remedies: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: authority,
  SELF_SIGNED_CERT_IN_CHAIN: authority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: authority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: authority,
  CERT_HAS_EXPIRED: 'give Redis a new one',
  ERR_TLS_CERT_ALTNAME_INVALID: 'give the setting store a name of Redis that is in its certificate',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'Redis asks for certificates of its clients, and Tidings has none: set tls-auth-clients no, and use a password',
}

/** The same trouble, with its remedy if it is one of certificates: Node names none that fits a server. */
export function withRemedy(reason: Error): Error {
  const remedy = remedies[(reason as NodeJS.ErrnoException).code ?? '']
  if (remedy === undefined) return reason
  // Behind a semicolon Node has advice of its own, for programs that somebody starts by hand.
  const what = remedy === authority ? reason.message.split(';')[0] : reason.message.trim()
  return new Error(`${what}; ${remedy}`, { cause: reason })
}

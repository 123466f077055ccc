import { choice, count, file, list, text, toggle, workers } from '../setting.ts'

/** How the server is reached, and what it is for whom. */
export const serverSettings = {
  port: count({
    default: 3000,
    min: 0,
    max: 65_535,
    doc: 'The TCP port to listen on; 0 takes any free one. The environment variable PORT works too.',
  }),
  host: text({
    default: '127.0.0.1',
    placeholder: 'address',
    allowed: 'an IP address or a host name',
    isAllowed: (host) => /^[0-9A-Za-z.:%_-]{1,253}$/.test(host),
    doc: 'The address to listen on; anything but a loopback address needs authentication.',
  }),
  workers: workers({
    default: 1,
    min: 1,
    max: 64,
    doc:
      'How many processes `tidings serve` runs as, all on one port; `auto` is one for each core. An embedded store has' +
      ' one more, which owns it. The library runs as one.',
  }),
  dev: toggle({
    default: 'auto',
    doc:
      'Whether everybody may do everything, for a first try; `auto` is on as long as the host is a loopback' +
      ' address and there are neither keys nor issuers.',
  }),
  demo: toggle({
    default: 'auto',
    doc:
      'Whether the server publishes a made-up market (`$ticker`) and a clock (`$clock`) while somebody listens, for' +
      ' its page to show; `auto` is on in dev mode. The library has neither.',
  }),
  allowedHosts: list({
    default: [],
    placeholder: 'hosts',
    allowed: 'host names such as push.example, separated by commas',
    isAllowed: isHostName,
    doc:
      'The names under which the server is reached: a request for another is refused, which stops DNS rebinding.' +
      ' Loopback names always work. If empty, dev mode knows those alone, and otherwise every name works.',
  }),
  corsOrigins: list({
    default: [],
    placeholder: 'origins',
    allowed: 'origins such as https://app.example, separated by commas, or "*"',
    isAllowed: isOrigin,
    doc: 'Origins whose pages may read the answers; none, if empty.',
  }),
  trustedHops: count({
    default: 0,
    min: 0,
    max: 10,
    doc: 'How many proxies in front of the server add to X-Forwarded-For; the header counts for nothing at 0.',
  }),
  tlsCert: file({
    doc: 'A file with the certificate chain, PEM: the server then speaks HTTPS, with HTTP/2.',
  }),
  tlsKey: file({
    doc: 'The file with the private key of that certificate, PEM.',
  }),
  logLevel: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    doc: 'The least important kind of log line that is written.',
  }),
  logFormat: choice(['auto', 'json', 'pretty'], {
    default: 'auto',
    doc: 'Log lines as JSON or for people; `auto` is for people on a terminal.',
  }),
}

/** Without a port: a name is a name on every port. */
function isHostName(host: string): boolean {
  return /^(?:\[[0-9a-fA-F:.]+\]|[0-9a-zA-Z_-]+(?:\.[0-9a-zA-Z_-]+)*)$/.test(host)
}

function isOrigin(origin: string): boolean {
  return origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin)
}

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { postRequest } from '../load/request.ts'
import { type Contender, topic } from './contender.ts'
import { freePort, ServerProcess } from './server-process.ts'

const modulePath = '/usr/lib/nginx/modules/ngx_nchan_module.so'
const packages = ['nginx-light', 'libnginx-mod-nchan']

/** nchan, the nginx module in C: one worker process, with the message buffer that ids and resume need. */
export const nchan: Contender = {
  name: 'nchan',
  label: 'nchan (nginx, C)',
  // One message a request: nchan has no batches. The connections stay open.
  shape: { eventsPerRequest: 1, request: ([payload]) => postRequest(`/events/${topic}`, payload!) },
  streamPath: `/events/${topic}`,
  version: () => `${installedVersion('libnginx-mod-nchan')}, nginx ${installedVersion('nginx')}`,
  obstacle: () => {
    if (existsSync(modulePath) || install()) return undefined
    return `${modulePath} is missing; install it with: apt-get install ${packages.join(' ')}`
  },
  async start({ data }) {
    const port = await freePort()
    const config = join(data, 'nginx.conf')
    writeFileSync(config, nginxConfig(port, data))
    const command = ['nginx', '-p', data, '-c', config, '-e', join(data, 'error.log')]
    return ServerProcess.start({ command, port, readyPath: '/ready' })
  },
}

/** Only root may, and only Debian's packages are meant. */
function install(): boolean {
  if (process.getuid?.() !== 0) return false
  process.stderr.write(`Installing ${packages.join(' ')} …\n`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status } = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env })
  return status === 0 && existsSync(modulePath)
}

function installedVersion(name: string): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg fills it in
  return execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' })
}

function nginxConfig(port: number, data: string): string {
  return `
load_module ${modulePath};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${data}/nginx.pid;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 16000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${data}/body;
  proxy_temp_path ${data}/proxy;
  fastcgi_temp_path ${data}/fastcgi;
  uwsgi_temp_path ${data}/uwsgi;
  scgi_temp_path ${data}/scgi;
  nchan_shared_memory_size 256m;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /ready { return 200; }
    location ~ ^/events/(.+)$ {
      nchan_pubsub;
      nchan_channel_id $1;
      nchan_message_buffer_length 10000;
      nchan_message_timeout 1h;
      nchan_subscriber_first_message newest;
      nchan_eventsource_ping_interval 15;
    }
  }
}
`
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, withFolder } from './tools.ts'

/** Calls `body` with the key and the self-signed certificate of a server on loopback. Needs openssl. */
export function withCertificate<T>(body: (tls: { key: string; cert: string }) => Promise<T>): Promise<T> {
  return withFolder((folder) => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    run('openssl', 'req', ...kind, '-keyout', key, '-out', cert, ...names)
    return body({ key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') })
  })
}

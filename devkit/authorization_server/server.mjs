/* The process of devkit's authorization server: oidc-provider on a loopback port.

   The first line of stdin is the configuration (JSON, see provider.mjs). When the server listens, one line of JSON
   goes to stdout. Nothing else does: logs go to stderr. The process ends with its stdin, so a parent that dies
   never leaves it behind, nor its folder of keys and logs. */

import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createInterface } from 'node:readline';

console.info = console.error;

const { buildProvider } = await import('./provider.mjs');

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => start(JSON.parse(line)));
process.once('SIGTERM', () => process.exit(0));

async function start(config) {
  lines.once('close', () => {
    rmSync(config.folder, { recursive: true, force: true }); // it has private keys
    process.exit(0);
  });
  const server = await listen(createServer());
  const mtlsServer = await listen(createTlsServer({ ...config.tls, requestCert: true, rejectUnauthorized: false }));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const mtlsOrigin = `https://127.0.0.1:${mtlsServer.address().port}`;
  const provider = buildProvider({ ...config, issuer, mtlsOrigin });
  await checkClients(provider, config.clients);
  const answer = provider.callback();
  server.on('request', answer);
  mtlsServer.on('request', answer);
  process.stdout.write(`${JSON.stringify({ ready: true, issuer })}\n`);
}

/* oidc-provider checks a client's metadata at its first use only. */
async function checkClients(provider, clients) {
  for (const { client_id } of clients) {
    try {
      await provider.Client.find(client_id);
    } catch (error) {
      throw new Error(`client ${client_id}: ${error.error_description}`);
    }
  }
}

function listen(server) {
  server.keepAliveTimeout = 60_000; // a pooled connection outlives a test that waits
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

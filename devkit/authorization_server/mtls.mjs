/* Client certificates (RFC 8705): from the TLS connection of the mTLS listener.

   On the plain http port, where there is no TLS to read from, the header x-devkit-client-certificate (URL-encoded
   PEM) stands in for it, as a TLS-terminating proxy would forward it. Anybody can send it: for tests only. */

import { X509Certificate } from 'node:crypto';

const FORWARDED = 'x-devkit-client-certificate';

function getCertificate(ctx) {
  if (ctx.req.socket.encrypted) return ctx.req.socket.getPeerX509Certificate();
  const pem = ctx.get(FORWARDED);
  return pem ? new X509Certificate(decodeURIComponent(pem)) : undefined;
}

function subjectMatches(ctx, property, expected) {
  const { subject, subjectAltName = '' } = getCertificate(ctx);
  const names = subjectAltName.split(', ');
  switch (property) {
    case 'tls_client_auth_subject_dn': return subject.split('\n').reverse().join(',') === expected;
    case 'tls_client_auth_san_dns': return names.includes(`DNS:${expected}`);
    case 'tls_client_auth_san_uri': return names.includes(`URI:${expected}`);
    default: return false;
  }
}

export function mtlsFeature(caPem) {
  const ca = new X509Certificate(caPem);
  return {
    enabled: true,
    certificateBoundAccessTokens: true,
    selfSignedTlsClientAuth: true,
    tlsClientAuth: true,
    getCertificate,
    certificateAuthorized: (ctx) => getCertificate(ctx)?.verify(ca.publicKey) ?? false,
    certificateSubjectMatches: subjectMatches,
  };
}

export function mtlsAliases(origin) {
  const paths = {
    token_endpoint: '/token',
    revocation_endpoint: '/token/revocation',
    introspection_endpoint: '/token/introspection',
    userinfo_endpoint: '/me',
    device_authorization_endpoint: '/device/auth',
    pushed_authorization_request_endpoint: '/request',
    backchannel_authentication_endpoint: '/backchannel',
  };
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, origin + path]));
}

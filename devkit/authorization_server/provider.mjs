/* The oidc-provider of devkit, with every feature on.

   The configuration, all of it given by the launcher:
     issuer, mtlsOrigin       where the two listeners are
     folder                   the launcher's, removed when it is gone (server.mjs)
     clients, jwks            client metadata; the server's own private keys
     tls                      key, cert and ca (PEM) of the mTLS listener
     cookie_key, nonce_secret random, base64url; nonce_secret is of 32 bytes
     access_token_ttl         seconds; a client's metadata of the same name goes first
     ttl                      seconds, by oidc-provider's model names (RefreshToken, DeviceCode, IdToken, ...)
     polling_interval         seconds, device grant and CIBA
     clock_tolerance          seconds
     dpop_require_nonce, pkce_required, rotate_refresh_token   booleans
     access_token_format      "opaque" or "jwt", for urn:devkit:api */

import Provider from 'oidc-provider';

import { attestationFeature } from './attestation.mjs';
import { cibaAnswers, cibaFeature } from './ciba.mjs';
import { requestCounts } from './counting.mjs';
import { registerTokenExchange } from './exchange.mjs';
import { mtlsAliases, mtlsFeature } from './mtls.mjs';
import { pollingInterval } from './polling.mjs';
import { createStore } from './store.mjs';

const OWN_METADATA = ['access_token_ttl', 'pkce_required', 'fapi_profile', 'attester_jwk'];
const DETAILS_TYPE = 'devkit.payment';
const API_SCOPE = 'api.read api.write';

export function buildProvider(config) {
  const provider = new Provider(config.issuer, {
    adapter: createStore(),
    clients: config.clients,
    jwks: config.jwks,
    clientDefaults: { authorization_details_types: [DETAILS_TYPE] },
    cookies: { keys: [config.cookie_key] },
    clockTolerance: config.clock_tolerance,
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false, // claims of the scopes are in the ID token too
    clientAuthMethods: [
      'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none',
      'tls_client_auth', 'self_signed_tls_client_auth', 'attest_jwt_client_auth',
    ],
    discovery: { mtls_endpoint_aliases: mtlsAliases(config.mtlsOrigin) },
    enabledJWA: algorithms(),
    extraClientMetadata: { properties: OWN_METADATA },
    extraParams: { audience: giveDefaultScope }, // it runs on every authorization request
    features: features(config),
    fetch: fetchFromLoopback,
    findAccount: (_ctx, sub) => account(sub),
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    pkce: {
      required: (_ctx, client) => client.clientAuthMethod === 'none' || (client.pkce_required ?? config.pkce_required),
    },
    responseTypes: ['code', 'id_token', 'code id_token', 'none'],
    rotateRefreshToken: config.rotate_refresh_token,
    scopes: ['openid', 'offline_access', 'profile', 'email', ...API_SCOPE.split(' ')],
    subjectTypes: ['public'],
    ttl: lifetimes(config),
  });
  registerTokenExchange(provider);
  provider.use(requestCounts());
  provider.use(cibaAnswers(provider));
  provider.use(pollingInterval(config.polling_interval));
  provider.on('server_error', (_ctx, error) => console.error(error));
  return provider;
}

function features(config) {
  const on = { enabled: true };
  return {
    attestClientAuth: attestationFeature(config.nonce_secret),
    backchannelLogout: on,
    ciba: cibaFeature,
    claimsParameter: on,
    clientCredentials: on,
    deviceFlow: { ...on, mask: '****-****' },
    dPoP: {
      ...on,
      nonceSecret: Buffer.from(config.nonce_secret, 'base64url'),
      requireNonce: () => config.dpop_require_nonce,
    },
    encryption: on,
    fapi: { ...on, profile: (_ctx, client) => client?.fapi_profile },
    introspection: on,
    jwtIntrospection: on,
    jwtResponseModes: on,
    jwtUserinfo: on,
    mTLS: mtlsFeature(config.tls.ca),
    pushedAuthorizationRequests: on,
    registration: on,
    registrationManagement: on,
    requestObjects: on,
    resourceIndicators: {
      ...on,
      getResourceServerInfo: (_ctx, resource) => resourceServer(config, resource),
      useGrantedResource: async () => true, // a token request need not repeat what was authorized
    },
    revocation: on,
    richAuthorizationRequests: {
      ...on,
      types: { [DETAILS_TYPE]: { validate: async () => {} } },
      authorizationDetailsForGrantSource: (ctx, source) => requestedDetails(ctx) ?? source.rar,
      authorizationDetailsForAccessToken: (ctx, _token, source) => requestedDetails(ctx) ?? source?.rar,
      authorizationDetailsForIntrospection: (_ctx, token) => token.rar,
    },
    rpInitiatedLogout: on,
    userinfo: on,
  };
}

/* A device may leave the scope out (RFC 8628 section 3.1), and gets the default one (RFC 6749 section 3.3):
   oidc-provider would refuse it after the user's consent. */
function giveDefaultScope({ oidc }) {
  if (oidc.route === 'device_authorization') oidc.params.scope ??= 'openid';
}

const APIS = {
  'urn:devkit:api': undefined, // its token format is in the configuration
  'urn:devkit:jwt-api': 'jwt',
};

function resourceServer(config, resource) {
  return {
    audience: resource,
    scope: API_SCOPE,
    accessTokenFormat: APIS[resource] ?? config.access_token_format,
    jwt: { sign: { alg: 'RS256' } },
  };
}

function requestedDetails({ oidc }) {
  const asked = oidc.params.authorization_details;
  return asked === undefined ? undefined : JSON.parse(asked);
}

function account(sub) {
  return {
    accountId: sub,
    claims: async () => ({
      sub,
      name: `${sub} of devkit`,
      preferred_username: sub,
      email: `${sub}@devkit.example`,
      email_verified: true,
    }),
  };
}

function lifetimes(config) {
  const accessToken = (_ctx, _token, client) => client.access_token_ttl ?? config.access_token_ttl;
  return { AccessToken: accessToken, ClientCredentials: accessToken, ...config.ttl };
}

function algorithms() {
  const asymmetric = ['RS', 'PS', 'ES'].flatMap((family) => ['256', '384', '512'].map((size) => family + size));
  const signing = [...asymmetric, 'Ed25519', 'EdDSA'];
  const all = [...signing, 'HS256', 'HS384', 'HS512'];
  const keyManagement = [
    'RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW', 'A128KW', 'A256KW', 'dir',
  ];
  return {
    clientAuthSigningAlgValues: all,
    requestObjectSigningAlgValues: all,
    dPoPSigningAlgValues: signing,
    ...forEach(['idToken', 'userinfo', 'introspection', 'authorization'], 'SigningAlgValues', all),
    ...forEach(
      ['idToken', 'requestObject', 'userinfo', 'introspection', 'authorization'],
      'EncryptionAlgValues',
      keyManagement,
    ),
  };
}

function forEach(documents, suffix, algs) {
  return Object.fromEntries(documents.map((document) => [document + suffix, algs]));
}

/* CIBA pings and logout tokens go to the test itself, on loopback, which oidc-provider's own fetch refuses to reach.
   It accepts only https ping endpoints: "https://127.0.0.1" is spoken to in plain http. */
function fetchFromLoopback(url, { dispatcher, ...options }) {
  const target = new URL(url);
  if (target.hostname === '127.0.0.1') target.protocol = 'http:';
  return fetch(target, options);
}

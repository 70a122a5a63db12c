/* Attestation-based client authentication (draft-ietf-oauth-attestation-based-client-auth): the backend of a client, whose
   public key is in the client's metadata as `attester_jwk`, attests the keys of its instances. */

import { createPublicKey } from 'node:crypto';

export function attestationFeature(secret) {
  return {
    enabled: true,
    ack: 'draft-12',
    challengeSecret: Buffer.from(secret, 'base64url'),
    getAttestationSignaturePublicKey: async (_ctx, _header, _payload, client) => createPublicKey({
      key: client.attester_jwk, format: 'jwk',
    }),
    assertAttestationJwtAndPop: async () => {},
  };
}

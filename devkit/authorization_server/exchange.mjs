/* Token exchange (RFC 8693), which oidc-provider leaves to its users: an access token of anybody becomes one of the
   client that asks, or an ID token, which is no access token and says so. */

import { errors } from 'oidc-provider';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';
const PARAMETERS = [
  'subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type', 'audience', 'scope',
];

export function registerTokenExchange(provider) {
  provider.registerGrantType(GRANT, async (ctx) => {
    const { params } = ctx.oidc;
    if (params.subject_token_type !== `${TYPE}access_token`) {
      throw new errors.InvalidRequest('only access tokens can be exchanged here');
    }
    const subject = await provider.AccessToken.find(params.subject_token);
    if (!subject?.isValid) throw new errors.InvalidGrant('the subject_token is not valid');
    const asked = params.requested_token_type ?? `${TYPE}access_token`;
    const issue = { [`${TYPE}access_token`]: accessToken, [`${TYPE}id_token`]: idToken }[asked];
    if (!issue) throw new errors.InvalidRequest('no such token is issued here');
    ctx.body = { ...await issue(provider, ctx, subject), issued_token_type: asked };
  }, PARAMETERS);
}

async function accessToken(provider, ctx, subject) {
  const { client, params } = ctx.oidc;
  const { accountId, grantId } = subject;
  const scope = params.scope ?? subject.scope;
  const token = new provider.AccessToken({ accountId, client, grantId, gty: 'exchange', scope });
  ctx.oidc.entity('AccessToken', token);
  return { access_token: await token.save(), token_type: 'Bearer', expires_in: token.expiration, scope };
}

async function idToken(provider, ctx, subject) {
  const token = new provider.IdToken({ sub: subject.accountId }, { ctx });
  token.scope = 'openid';
  return { access_token: await token.issue({ use: 'idtoken' }), token_type: 'N_A' };
}

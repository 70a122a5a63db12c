/* CIBA without a telephone: the user answers at /devkit/ciba/approve or /devkit/ciba/deny, with ?auth_req_id=. */

import { errors } from 'oidc-provider';

const UNKNOWN_USER = 'nobody';

const asAccount = async (_ctx, hint) => (hint === UNKNOWN_USER ? undefined : hint);

export const cibaFeature = {
  enabled: true,
  deliveryModes: ['poll', 'ping'],
  processLoginHint: asAccount,
  processLoginHintToken: asAccount,
  verifyUserCode: async () => {},
  validateRequestContext: async () => {},
  triggerAuthenticationDevice: async () => {},
};

export function cibaAnswers(provider) {
  const answers = { '/devkit/ciba/approve': approve, '/devkit/ciba/deny': deny };
  return async (ctx, next) => {
    const answer = answers[ctx.path];
    if (!answer) return next();
    const request = await provider.BackchannelAuthenticationRequest.find(ctx.query.auth_req_id);
    ctx.assert(request, 404, 'no such auth_req_id');
    await answer(provider, request);
    ctx.status = 204;
  };
}

async function approve(provider, request) {
  const grant = new provider.Grant({ clientId: request.clientId, accountId: request.accountId });
  grant.addOIDCScope(request.scope);
  for (const resource of [request.resource ?? []].flat()) grant.addResourceScope(resource, request.scope);
  await grant.save();
  await provider.backchannelResult(request, grant, { acr: '0' });
}

async function deny(provider, request) {
  await provider.backchannelResult(request, new errors.AccessDenied('the end-user said no'));
}

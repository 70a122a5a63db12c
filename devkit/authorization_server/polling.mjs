/* The polling interval of the device grant and CIBA (RFC 8628 section 3.5, CIBA Core section 7.3).

   oidc-provider announces no interval and never answers slow_down, so this does: an answer "authorization_pending"
   becomes "slow_down" when the same code was asked for sooner than the interval before. */

import { errors } from 'oidc-provider';

const ANNOUNCING = new Set(['device_authorization', 'backchannel_authentication']);

export function pollingInterval(interval) {
  const lastPolls = new Map();
  const tooSoon = (code) => {
    const now = Date.now();
    const since = now - (lastPolls.get(code) ?? -Infinity);
    lastPolls.set(code, now);
    return since < interval * 1000;
  };

  return async (ctx, next) => {
    await next();
    if (ANNOUNCING.has(ctx.oidc?.route) && ctx.status === 200) ctx.body = { ...ctx.body, interval };
    if (ctx.body?.error !== 'authorization_pending') return;
    const { device_code, auth_req_id } = ctx.oidc.params;
    if (tooSoon(device_code ?? auth_req_id)) {
      const { error, error_description } = new errors.SlowDown();
      ctx.body = { error, error_description };
    }
  };
}

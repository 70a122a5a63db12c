/* GET /devkit/requests: how often each path was asked for, as JSON. */

export function requestCounts() {
  const counts = {};
  return async (ctx, next) => {
    if (ctx.path === '/devkit/requests') {
      ctx.body = counts;
      return undefined;
    }
    counts[ctx.path] = (counts[ctx.path] ?? 0) + 1;
    return next();
  };
}

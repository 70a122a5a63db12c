/* Where oidc-provider keeps what it issued: a Map, for the life of the process.

   Its own memory adapter forgets the oldest of 1000 entries, which a benchmark passes in seconds. */

const PURGE_EVERY_MS = 30_000;

export function createStore() {
  const entries = new Map();
  setInterval(() => purge(entries), PURGE_EVERY_MS).unref();
  return (model) => new Adapter(model, entries);
}

function purge(entries) {
  for (const [key, { expiresAt }] of entries) {
    if (expiresAt <= Date.now()) entries.delete(key);
  }
}

class Adapter {
  constructor(model, entries) {
    this.model = model;
    this.entries = entries;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload, expiresIn) {
    const expiresAt = Date.now() + (expiresIn ?? Infinity) * 1000;
    const put = (key, value) => this.entries.set(key, { value, expiresAt });
    put(this.key(id), payload);
    if (payload.uid) put(`uid:${payload.uid}`, id);
    if (payload.userCode) put(`user_code:${payload.userCode}`, id);
    if (payload.grantId) put(`grant:${payload.grantId}`, this.keysOfGrant(payload.grantId).add(this.key(id)));
  }

  keysOfGrant(grantId) {
    return this.read(`grant:${grantId}`) ?? new Set();
  }

  async find(id) {
    return this.read(this.key(id));
  }

  async findByUid(uid) {
    return this.find(this.read(`uid:${uid}`));
  }

  async findByUserCode(userCode) {
    return this.find(this.read(`user_code:${userCode}`));
  }

  async consume(id) {
    this.read(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    this.entries.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const key of this.keysOfGrant(grantId)) this.entries.delete(key);
    this.entries.delete(`grant:${grantId}`);
  }

  read(key) {
    return this.entries.get(key)?.value;
  }
}

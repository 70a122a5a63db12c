"""JOSE: signing, verifying, encrypting (RFC 7515 to 7519, 7638, 8037, 8812, 9864).

The only folder that knows joserfc and cryptography. Loading `keys`, `jws` or `jwe` loads them (some 80 ms),
so callers import those three when they first need them; `errors` and `claims` cost nothing. Knows no
client, no token and no HTTP.
"""

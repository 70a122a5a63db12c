"""The rules of OAuth 2.x and OpenID Connect, one file for each endpoint; no I/O, no clock, no locks."""

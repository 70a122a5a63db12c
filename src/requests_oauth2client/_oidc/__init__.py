"""What OpenID Connect demands of an ID token, and what a client expects of one. Does no I/O."""

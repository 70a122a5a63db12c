"""The clauses of the security profiles that a client can be held to. Does no I/O."""

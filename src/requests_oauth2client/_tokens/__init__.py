"""Access tokens, ID tokens and DPoP proofs as values. Does no I/O."""

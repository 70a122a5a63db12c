"""Keeping a valid token: who renews it, when, from which source, shared with whom. Does no I/O."""

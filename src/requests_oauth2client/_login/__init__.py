"""Logging a user in from a program (RFC 8252): the ways to do it, and the source of tokens that uses them."""

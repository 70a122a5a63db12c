"""Calling any protected resource, knowing only its URL: what is learned of it, and how tokens for it are obtained."""

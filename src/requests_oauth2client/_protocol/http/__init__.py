"""What every request to an authorization server goes through: the call, retries, DPoP nonces."""

"""Operations on a token: introspection and revocation."""

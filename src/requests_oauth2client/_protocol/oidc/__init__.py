"""Operations of OpenID Connect: ID tokens, userinfo, claim sources, logout."""

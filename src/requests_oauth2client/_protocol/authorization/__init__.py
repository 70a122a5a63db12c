"""Operations of the authorization endpoint: pushed requests and the client's side of responses."""

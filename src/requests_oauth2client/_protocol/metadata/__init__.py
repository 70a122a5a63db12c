"""Operations that find out about a server or tell it about a client: discovery, keys, registration."""

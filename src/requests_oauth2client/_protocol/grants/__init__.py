"""Operations of the token endpoint, a file for each family of grants, and the polling that some need."""

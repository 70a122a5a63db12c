"""All tests may use the devkit's fixtures: a real authorization server, a protected API, somebody's browser."""

pytest_plugins = ["devkit.fixtures"]

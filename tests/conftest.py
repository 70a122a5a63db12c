"""All tests may use the devkit's fixtures: a real authorization server, a protected API, somebody's browser."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["devkit.fixtures"]

# The machine may be slow, and the same commit has the same outcome; `--hypothesis-seed=random` looks further.
settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
settings.load_profile("house")

"""All tests may use the devkit's fixtures: a real authorization server, a protected API, somebody's browser."""

import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ["devkit.fixtures"]

# The machine may be slow, and the same commit has the same outcome; `--hypothesis-seed=random` looks further.
settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
settings.load_profile("house")

# A shell that runs the tests in the background has them ignore Ctrl-C, and so the programs that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

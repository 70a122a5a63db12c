"""Every public name, method and parameter stands in the reference; pages written from docstrings are fresh."""

from __future__ import annotations

import subprocess
import sys

from .documents import ROOT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own: to look at everything sets Django up."""
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_reference_is_whole_and_fresh() -> None:
    done = run("-m", "devkit.reference", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


LOOK = """
import sys, warnings
from devkit import documented
warnings.simplefilter("ignore")
kept = [entry for entry in documented.entries() if entry.name not in sys.argv[1:]]
documented.entries = lambda: (*kept, documented.Entry("x.md", "requests_oauth2client", "NoSuchName"))
print(documented.unlisted_names(), documented.unlisted_methods(), documented.mistakes())
"""


def test_what_is_missing_from_the_reference_is_named() -> None:
    said = run("-c", LOOK, "Retries", "OAuth2AccessTokenAuth", "OAuth2Client.ciba", "OAuth2Client").stdout
    for name in ("Retries", "OAuth2Client.ciba", "AsyncOAuth2Client.ciba", "OAuth2Client.close"):
        assert f"'requests_oauth2client.{name}'" in said
    assert "x.md: there is no requests_oauth2client.NoSuchName" in said


PARAMETERS = """
import inspect
from devkit import documented
def call(told, untold, **more): ...
print(documented._undescribed(inspect.signature(call), "Args:\\n    told: this.\\n    **more: and that."))
"""


def test_a_parameter_without_a_word_is_named() -> None:
    assert run("-c", PARAMETERS).stdout.strip() == "['untold']"

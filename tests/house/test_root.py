"""The root: what it promises is there, and importing it costs nothing."""

from __future__ import annotations

import importlib
import importlib.metadata
import pydoc
import re
import subprocess
import sys

import pytest

import requests_oauth2client
from devkit import root

EVERY_MODULE = [*root.MODULES, *root.ASYNC_MODULES]
HOMES = root.homes(EVERY_MODULE)
HOMES_OF = {name for names in HOMES.values() for name in names}


def test_it_is_as_the_modules_say() -> None:
    for path, text in root.written_files().items():
        assert path.read_text() == text, "run `python -m devkit.root`"


def test_its_version_is_the_package_s() -> None:
    assert requests_oauth2client.__version__ == importlib.metadata.version("requests_oauth2client")


@pytest.mark.parametrize("module", HOMES)
def test_each_name_is_that_of_its_module(module: str) -> None:
    home = importlib.import_module(f"requests_oauth2client.{module}")
    for name in home.__all__:
        assert getattr(requests_oauth2client, name) is getattr(home, name)
    assert list(home.__all__) == sorted(home.__all__)


def test_help_is_short_and_names_what_most_programs_need() -> None:
    said = pydoc.plain(pydoc.render_doc(requests_oauth2client))
    assert len(said.splitlines()) < 150
    named = re.findall(r"^ {8}(\w+(?:, \w+)*)  ", said, re.MULTILINE)
    names = [name for line in named for name in line.split(", ")]
    assert "OAuth2ClientCredentialsAuth" in names
    assert [name for name in names if name not in HOMES_OF] == []


def test_a_star_import_gives_all_but_the_async_names() -> None:
    got: dict[str, object] = {}
    exec("from requests_oauth2client import *", got)  # noqa: S102  the founding README's first line
    expected = {name for module in HOMES if module in root.MODULES for name in HOMES[module]}
    assert expected == got.keys() - {"__builtins__"}


def test_dir_shows_every_name() -> None:
    assert {name for names in HOMES.values() for name in names} <= set(dir(requests_oauth2client))


def test_a_misspelt_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="OAuth3Client"):
        _ = requests_oauth2client.OAuth3Client


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


HEAVY = {"cryptography", "joserfc", "httpx2", "httpx", "anyio"}


def test_importing_the_package_loads_no_http_library_and_no_cryptography() -> None:
    assert not loaded_after("import requests_oauth2client") & {*HEAVY, "requests", "urllib3"}


@pytest.mark.parametrize("module", [module for module in HOMES if module in root.MODULES])
def test_importing_a_module_loads_no_cryptography_and_no_extra(module: str) -> None:
    assert not loaded_after(f"import requests_oauth2client.{module}") & HEAVY


def test_without_the_extra_an_async_name_says_which_one_to_install() -> None:
    hide = "import sys; sys.modules.update(httpx=None, httpx2=None)"
    code = f"{hide}\nimport requests_oauth2client as r\ntry: r.AsyncOAuth2Client\nexcept ImportError as e: print(e)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "requests_oauth2client[async]" in done.stdout


def modules_after(statement: str) -> set[str]:
    code = (
        f"{statement}\nimport sys; print(*(name for name in sys.modules if name.startswith('requests_oauth2client')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.removeprefix("requests_oauth2client.") for name in done.stdout.split()}


A_TOKEN = """
from requests_oauth2client import OAuth2Client
client = OAuth2Client("https://as.example/token", ("id", "secret"))
from devkit.exchange import token
from devkit.play import play
from requests_oauth2client._protocol.grants.token_endpoint import client_credentials
play(client_credentials(client, scope="a"), [token()])
"""
NOT_NEEDED = set(
    """
    _jose _oidc _profiles authorization_request authorization_details backchannel_authentication challenges
    device_authorization discovery dpop federation logout mtls pkce registration serializers webfinger
""".split()
)


@pytest.mark.parametrize("statement", ["from requests_oauth2client import OAuth2Client", A_TOKEN])
def test_a_client_loads_only_what_it_uses(statement: str) -> None:
    loaded = modules_after(statement)
    assert {name.partition(".")[0] for name in loaded} & NOT_NEEDED == set()
    assert {name for name in loaded if name.startswith("_protocol.")} <= {
        f"_protocol.{name}"
        for name in (
            "client grants grants.token_endpoint grants.token_response http http.authentication http.call"
            " http.dpop_nonce http.limits http.retrying leniency settings"
        ).split()
    }


def test_a_client_loads_no_slow_module_of_the_standard_library() -> None:
    code = "import requests\nbefore = set(sys.modules)\nfrom requests_oauth2client import OAuth2Client"
    code = f"import sys\n{code}\nprint(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        set(done.stdout.split()) & {"ast", "asyncio", "dataclasses", "difflib", "dis", "inspect", "platform"} == set()
    )


def test_a_handler_loads_only_what_it_uses() -> None:
    loaded = modules_after("from requests_oauth2client import OAuth2Client, OAuth2ClientCredentialsAuth")
    needed = {"_jose", "challenges", "serializers"}  # errors, what an API demands, and records of a store
    assert {name.partition(".")[0] for name in loaded} & NOT_NEEDED - needed == set()

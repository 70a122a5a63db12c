"""Writes the package's `__init__.py` and `__init__.pyi`.

Every name in the `__all__` of a public module can be imported from the root.

`python -m devkit.root` writes it, `--check` only compares. To publish a
name, put it into the `__all__` of its module.
"""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
import textwrap
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "requests_oauth2client"
ROOT = PACKAGE / "__init__.py"
STUB = PACKAGE / "__init__.pyi"
VERSION = "2.0.0"

# Where callers import from (docs/architecture.md). The async ones need an extra, so a star import leaves them out.
MODULES = """
    exceptions utils pkce tokens
    api_client auth authorization_details authorization_request backchannel_authentication challenges client
    client_authentication client_metadata device_authorization discovery dpop enums federation login logout mtls polling
    profiles protected_resource recorder registration resource_metadata retries sasl serializers token_sources webfinger
""".split()
ASYNC_MODULES = ["aio"]

DOCSTRING = '''"""OAuth 2.x and OpenID Connect for `requests` and `httpx2`: get, renew, revoke, check and use tokens.

    client = OAuth2Client(issuer="https://as.example.com", auth=("my-service", "my-secret"))
    auth = OAuth2ClientCredentialsAuth(client, scope="api.read")
    requests.get("https://api.example.com/things", auth=auth)

What most programs need; `help(requests_oauth2client.OAuth2Client)` explains a name:

    OAuth2Client                 a client of one authorization server; each grant is a method
    OAuth2ClientCredentialsAuth  calls an API as the client itself
    OAuth2LoginAuth              logs a user in from a program, and calls an API for them
    OAuth2AccessTokenAuth        goes on with tokens that the program has
    OAuth2ResourceAuth           calls an API of which only the URL is known, such as an MCP server
    BearerAuth                   puts one token into requests
    ApiClient                    calls an API below one root URL
    AuthorizationRequest         sends a browser to log in; `validate_callback` reads what comes back
    BearerToken, IdToken         what a server issues
    ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, PublicApp    how a client authenticates
    DPoPKey, Retries, TokenEvent, recording                          keys, failing servers, what happens
    OAuth2Error                  every error; its message ends with the address of its entry in the documentation

The async ones have `Async` in front. Token stores are in `stores`; logins of web sites in `flask`, `starlette` (FastAPI
too) and `django`; an authorization server for tests in `testing`; mail, Kafka and gRPC in `sasl`, `kafka` and `grpc`.
All of it, by task: https://requests-oauth2client.readthedocs.io/en/latest/

Every public name can be imported from here. A name is loaded when it is first used, so that importing the
package costs next to nothing: no HTTP library, no cryptography. The async client needs the extra "async", so a star
import leaves it out. Written by `python -m devkit.root`.
"""

'''

LAZY = '''
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

# pyright: reportUnsupportedDunderAll=false
__all__ = [name for name, module in sorted(_HOME_OF.items()) if module not in _ASYNC]


def __getattr__(name: str) -> object:
    """Load the module of a public name."""
    module = _HOME_OF.get(name)
    if module is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module  # noqa: PLC0415  the root loads nothing by itself

    value: object = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Show what can be loaded too, but not to `help()`: it would print every class, which is longer than a book."""
    import sys  # noqa: PLC0415  the root loads nothing by itself

    asking = sys._getframe(1)  # noqa: SLF001  documented, for interpreters that have it
    while asking.f_back and asking.f_globals.get("__name__") == "inspect":
        asking = asking.f_back
    if asking.f_globals.get("__name__") == "pydoc":
        return ["__version__"]
    return sorted({*globals(), *_HOME_OF})
'''


def public_names(module: str) -> list[str]:
    """Read the `__all__` of a module without importing it; none if there is no such module yet."""
    path = next((p for p in (PACKAGE / f"{module}.py", PACKAGE / module / "__init__.py") if p.exists()), None)
    return [] if path is None else public_names_of(path)


def public_names_of(path: Path) -> list[str]:
    """Read the `__all__` in a source."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    raise SystemExit(f"{path.name} has no __all__: a public module says what is public.")


def homes(modules: list[str]) -> dict[str, list[str]]:
    """Return the names of each module; a name that several export is at home in the first."""
    taken: set[str] = set()
    found = {}
    for module in modules:
        found[module] = sorted(set(public_names(module)) - taken)
        taken.update(found[module])
    return {module: names for module, names in found.items() if names}


def written() -> str:
    """Return the text of `__init__.py`: where each name is."""
    everything = dict(sorted((homes(ASYNC_MODULES) | homes(MODULES)).items()))
    table = "".join(f"    {module!r}: {_wrapped(names)},\n" for module, names in everything.items())
    version = f"__version__ = {VERSION!r}\n"
    apart = f"_ASYNC = {tuple(ASYNC_MODULES)!r}\n"
    return formatted(
        f"{DOCSTRING}from __future__ import annotations\n\n{version}\n{apart}_HOMES = {{\n{table}}}\n{LAZY}", ROOT
    )


def written_stub() -> str:
    """Return the text of `__init__.pyi`: plain imports, so that type checkers and editors see what each name is."""
    by_module = homes(MODULES)
    everything = dict(sorted((homes(ASYNC_MODULES) | by_module).items()))
    imports = "".join(
        f"from .{module} import {name} as {name}\n" for module, names in everything.items() for name in names
    )
    exported = "".join(f"    {name!r},\n" for name in sorted(itertools.chain(*by_module.values())))
    return formatted(f"{DOCSTRING}{imports}\n__version__: str\n\n__all__ = [\n{exported}]\n", STUB)


def written_files() -> dict[Path, str]:
    """Return the text of each file of the root."""
    return {ROOT: written(), STUB: written_stub()}


def _wrapped(names: list[str]) -> str:
    lines = textwrap.wrap(" ".join(names), width=100)
    return "(" + "\n".join(repr(line if n == 0 else f" {line}") for n, line in enumerate(lines)) + ")"


def formatted(text: str, path: Path) -> str:
    """Return a source as ruff sorts and formats it."""
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--select", "I,RUF022", "--fix", "--quiet"], ["format"]):
        command += ["--stdin-filename", str(path), "-"]
        done = subprocess.run([*ruff, *command], input=text, capture_output=True, text=True, check=True)
        text = done.stdout
    return text


if __name__ == "__main__":
    files = written_files()
    if "--check" not in sys.argv:
        for path, text in files.items():
            path.write_text(text)
    elif any(not path.exists() or path.read_text() != text for path, text in files.items()):
        raise SystemExit("The package's __init__ files are not as they should be: run `python -m devkit.root`.")

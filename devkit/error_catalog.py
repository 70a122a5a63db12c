"""Writes docs/errors.md: for each error when it comes and what to do, under the anchor that its message names.

`python -m devkit.reference` writes it. When an error comes stands in its docstring; what to do, in
`devkit/error_advice.toml`, or in the `advice` of its class. A class that has neither takes that of its nearest base.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import tomllib
from pathlib import Path
from typing import Any

from devkit import documented

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "errors.md"
ADVICE = ROOT / "devkit" / "error_advice.toml"
HEAD = """# Errors

Every error of the package is an `OAuth2Error`. A message says what came, what was expected and what to do, shows no
secret, and ends with an address on this page; `error.message` is the text without it. Where an HTTP library has an
error for the same failure, ours is one of these too: `except requests.ConnectionError` catches a
[TransportError](#transporterror).

```python
from requests_oauth2client import LoginNeeded, OAuth2Client, OAuth2ClientCredentialsAuth, OAuth2Error

client = OAuth2Client(issuer="https://as.example.com", auth=("my-service", "my-secret"))
try:
    token = client.client_credentials(scope="api.read")
except LoginNeeded:
    print("Please log in again.")
except OAuth2Error as error:
    print(error, error.is_transient)  # whether the same request may succeed later
```

"""
# The groups in their order, and the bases of what stands in each: a class stands in the group of its nearest base.
GROUPS = {
    "All errors": "OAuth2Error",
    "The callback of a login": "InvalidAuthResponse AuthorizationResponseError",
    "Token requests": "TokenEndpointError InvalidTokenResponse UnauthorizedClient UnmetAuthenticationRequirements"
    " AccessDenied ServerError",
    "Logins and tokens": "LoginNeeded LoginFailed AccessTokenError ReplacedRecently",
    "ID tokens": "InvalidIdToken",
    "Calls to an API": "ApiError InvalidRedirect InvalidPathParam InvalidBoolFieldsParam InvalidNoneFieldsParam"
    " InvalidRequestForClientAuthentication",
    "No whole answer": "TransportError OtherEventLoop",
    "Other endpoints": "EndpointError InvalidAnswer",
    "Finding servers, registration, federation": "InvalidDiscoveryDocument MismatchingDiscoveryIssuer"
    " ClientRegistrationError InvalidClientInformationResponse InvalidIdentifier InvalidWebFingerResponse"
    " InvalidEntityStatement MissingTrustChain",
    "DPoP": "InvalidDPoPProof InvalidDPoPKey InvalidDPoPAlg InvalidDPoPAccessToken InvalidUseDPoPNonceResponse"
    " UnrepeatableRequestBody RefusedDPoPProof UseDPoPNonce",
    "Keys and JWTs": "JoseError InvalidKey",
    "Token stores": "TokenStoreError InvalidSerializedValue",
    "Web sites": "WebLoginError",
    "Logout and notifications": "InvalidLogoutToken InvalidFrontChannelLogout InvalidPingCallback",
    "Arguments": "InvalidParam MissingEndpointUri",
}
OTHERS = "More"


def errors() -> dict[str, type[Exception]]:
    """Return every error of the package that a program may meet, by its name."""
    documented.public()  # with Django's settings
    package = importlib.import_module(documented.PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{documented.PACKAGE}."):
        if not re.search(r"__main__|migrations|django\.(admin|urls)", module.name):
            importlib.import_module(module.name)
    root: type[Exception] = package.OAuth2Error
    found = {root.__name__: root}
    pending = [root]
    while pending:
        for kind in pending.pop().__subclasses__():
            pending.append(kind)
            is_ours = kind.__module__.startswith(f"{documented.PACKAGE}.") and "twin_of" not in vars(kind)
            if not is_ours or kind.__name__.startswith("_"):
                continue
            if found.setdefault(kind.__name__, kind) is not kind:
                raise SystemExit(f"Two errors are called {kind.__name__}: an address can lead to one only.")
    return found


def group_of(kind: type[Exception]) -> str:
    """Return the group of an error: that of itself, or of its nearest base."""
    groups = {name: group for group, names in GROUPS.items() for name in names.split() if name != "OAuth2Error"}
    if kind.__name__ == "OAuth2Error":
        return next(iter(GROUPS))
    return next((groups[base.__name__] for base in kind.__mro__ if base.__name__ in groups), OTHERS)


def advice_of(kind: type[Any], written: dict[str, str]) -> str:
    """Return what to do about an error."""
    for base in kind.__mro__:
        found = written.get(base.__name__) or vars(base).get("advice")
        if found and base.__name__ != "OAuth2Error":
            return str(found)
    return written["OAuth2Error"] if kind.__name__ == "OAuth2Error" else ""


def entry(kind: type[Exception], known: dict[str, type[Exception]], written: dict[str, str]) -> str:
    """Return the entry of an error."""
    text = inspect.cleandoc(vars(kind).get("__doc__") or "")
    said, _, rest = text.partition("\nAttributes:\n")
    said = re.split(r"\n(?:Args|Raises|Source):", said)[0].strip()
    attributes = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", re.split(r"\n\w+:\n", rest)[0], re.MULTILINE)
    names = [base.__name__ for base in kind.__bases__]
    bases = ", ".join(f"[{name}](#{name.lower()})" if name in known else f"`{name}`" for name in names)
    advice = advice_of(kind, written)
    public = {value.__name__ for value in documented.public().values() if inspect.isclass(value)}
    catch = next(base.__name__ for base in kind.__mro__ if base.__name__ in public)
    lines = [f"### {kind.__name__}", "", _flat(said), ""]
    lines += [f"**What to do:** {_flat(advice)}", ""] if advice else []
    lines += [f"- `{name}`: {_flat(told)}" for name, told in attributes]
    lines += [""] if attributes else []
    kinds = f"Is a kind of {bases}." if names != ["Exception"] else ""
    lines.append(
        " ".join(part for part in (kinds, f"Catch it as `{catch}`." if catch != kind.__name__ else "") if part)
    )
    return "\n".join(lines).rstrip() + "\n"


def _flat(text: str) -> str:
    return " ".join(text.replace("*", r"\*").split())


def written_page() -> str:
    """Return the text of docs/errors.md."""
    known, advice = errors(), tomllib.loads(ADVICE.read_text())
    if unknown := advice.keys() - known.keys():
        raise SystemExit(f"{ADVICE.name} has advice for what is no error: {', '.join(sorted(unknown))}.")
    grouped: dict[str, list[str]] = {}
    for name in sorted(known):
        grouped.setdefault(group_of(known[name]), []).append(name)
    text = HEAD
    for group in (*GROUPS, OTHERS):
        names = grouped.get(group, [])
        heads = GROUPS.get(group, "").split()
        names.sort(key=lambda name: (heads.index(name) if name in heads else len(heads), name))
        if names:
            text += f"## {group}\n\n" + "\n".join(entry(known[name], known, advice) for name in names) + "\n"
    return text.rstrip() + "\n"

"""The parameters of an authorization request, each by its rule (RFC 6749 section 4.1.1, OIDC Core section 3.1.2.1).

What a caller wrote becomes what is kept and sent, or an error that names the parameter and shows no value that
may be a secret. Knows no URL of an AS and no callback.
"""

from __future__ import annotations

import importlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from .._core.messages import Form, form_values, parse_json_object
from .._core.redaction import one_line
from ..authorization_details import read_authorization_details
from ..exceptions import InvalidParam, InvalidUri
from ..pkce import PkceUtils

# An iterable for one of these is one text of words (OIDC Core section 3.1.2.1); for others, it is repeated.
SPACE_SEPARATED = frozenset({"prompt", "ui_locales", "claims_locales"})
REFUSED = {
    "request": "a request object replaces all other parameters, and can't be added to them; sign() makes one",
    "request_uri": "a request object replaces all other parameters, and can't be added to them",
    "client_secret": "a URL that goes through the user's browser is no place for a secret",
    "kwargs": "no such parameter exists; to change a value use its method replace()",  # dataclasses.replace() says it
}
_REDIRECT_URI = re.compile(r"[^\x00-\x20\x7f\\]+")
RESPONSE_TYPES = frozenset({"code", "id_token", "token"})  # OAuth 2.0 Multiple Response Type Encoding section 3

# Parameters that have a name in some specification or at a well-known server: none of them is a misspelling.
KNOWN = frozenset(
    "client_id redirect_uri scope response_type state nonce code_challenge_method acr_values response_mode prompt"
    " display ui_locales login_hint claims resource authorization_details request client_secret"
    " access_type allow_signup approval_prompt audience auth_type bot_prompt claims_locales client_notification_token"
    " code_challenge connection domain_hint dpop_jkt duration force_verify grant_id grant_management_action hd"
    " id_token_hint identity_provider idp_identifier idphint include_granted_scopes invitation kc_action kc_idp_hint"
    " lang login_hint_token"
    " max_age nfv nux organization original_uri owner permissions purpose registration request_uri screen_hint"
    " service show_dialog team tenant token_access_type user_code user_scope vtr".split()
)


class InvalidAuthorizationRequestParam(InvalidParam):
    """A parameter can't be sent in an authorization request.

    Attributes:
        name: which one.
    """

    def __init__(self, *, name: str, problem: str) -> None:
        super().__init__(f"The parameter {name!r} can't be used: {problem}.")
        self.name = name


class InvalidMaxAgeParam(InvalidAuthorizationRequestParam):
    """`max_age` is no number of seconds (OIDC Core section 3.1.2.1)."""


class InvalidAcrValuesParam(InvalidAuthorizationRequestParam):
    """`acr_values` are no words (OIDC Core section 3.1.2.1)."""


class UnsupportedResponseTypeParam(InvalidAuthorizationRequestParam):
    """The `response_type` is one whose response no one could read here (RFC 6749 section 3.1.1)."""


class InvalidPromptParam(InvalidAuthorizationRequestParam):
    """`prompt` has other words beside `none` (OIDC Core section 3.1.2.1)."""


class InvalidRedirectUri(InvalidUri):
    """A redirect_uri can't be sent, or has a fragment (RFC 6749 section 3.1.2)."""


class ProofKey(Protocol):
    """What an authorization request needs of a DPoP key (RFC 9449 section 10)."""

    @property
    def dpop_jkt(self) -> str: ...


def text(value: Any, name: str) -> str:
    """Read a string that is not empty."""
    if not isinstance(value, str) or not value:
        problem = f"a string was expected, got {'an empty one' if value == '' else f'a {type(value).__name__}'}"
        raise InvalidAuthorizationRequestParam(name=name, problem=problem)
    try:
        value.encode()
    except UnicodeEncodeError:
        problem = "it can't be written in UTF-8"
        raise InvalidAuthorizationRequestParam(name=name, problem=problem) from None
    return value


def generated(value: Any, name: str, *, by_default: bool) -> str | None:
    """Read a `state` or `nonce`: a string, True for a generated one, None or False for none."""
    if value is True or (value is ... and by_default):
        return secrets.token_urlsafe(32)
    return None if value is None or value is False or value is ... else text(value, name)


def code_verifier(verifier: str | bytes | None, method: str | None) -> str | None:
    """Read a code_verifier, or make one (RFC 7636 section 4.1)."""
    if method is None:
        return None
    return PkceUtils.generate_code_verifier() if verifier is None else PkceUtils.check_code_verifier(verifier)


def redirect_uri(uri: Any) -> str | None:
    """Return a redirect_uri as it is: servers have `postmessage` and URNs too, and compare it to the letter."""
    if uri is None:
        return None
    found = str(uri)
    if not _REDIRECT_URI.fullmatch(found):
        problem = "it is empty, or contains spaces, control characters or backslashes; pass it as registered"
        raise InvalidRedirectUri(found, problem, "redirect_uri")
    if "#" in found:
        raise InvalidRedirectUri(found, "it must not contain a fragment", "redirect_uri")
    return found


def words(value: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """Return the words of a string, or of an iterable of them; None when there are none."""
    return tuple(value.split() if isinstance(value, str) else value or ()) or None


def acr_values(values: Any) -> tuple[str, ...] | None:
    """Read the wanted classes of login, as words."""
    if not isinstance(values, Iterable | None):
        problem = f"a str or an iterable of words was expected, got a {type(values).__name__}"
        raise InvalidAcrValuesParam(name="acr_values", problem=problem)
    found = words(values)
    for word in found or ():
        if not isinstance(word, str) or len(word.split()) != 1:
            problem = "each of its words has to be a str, not empty and without spaces"
            raise InvalidAcrValuesParam(name="acr_values", problem=problem)
        text(word, "acr_values")
    return found


def response_type(value: Any) -> str:
    """Read a response_type: words whose response is understood here, each once; or `none`."""
    found = text(value, "response_type").split()
    is_understood = bool(found) and RESPONSE_TYPES.issuperset(found) and len(set(found)) == len(found)
    if not is_understood and found != ["none"]:
        problem = f"expected words out of {', '.join(sorted(RESPONSE_TYPES))}, such as 'code', got {one_line(value)!r}"
        raise UnsupportedResponseTypeParam(name="response_type", problem=problem)
    return str(value)


def max_age(seconds: Any) -> int | None:
    """Read a number of seconds."""
    if seconds is None:
        return None
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0:
        problem = f"seconds as an int from 0 on were expected, got {seconds!r}"
        raise InvalidMaxAgeParam(name="max_age", problem=problem)
    return seconds


def dpop_key(key: ProofKey | None, alg: str, *, dpop: bool) -> ProofKey | None:
    """Return the key that the code shall be bound to; one is generated where none is given."""
    if key is None and dpop:
        key = importlib.import_module("requests_oauth2client.dpop").DPoPKey.generate(alg=alg)  # loads cryptography
    if key is not None and not isinstance(getattr(key, "dpop_jkt", None), str):
        raise InvalidAuthorizationRequestParam(
            name="dpop_key", problem=f"expected a DPoPKey, got a {type(key).__name__}"
        )
    return key


def _prompt(value: Any) -> Any:
    found = [word for one in form_values(value) for word in one.split()]
    if "none" in found and len(found) > 1:
        problem = "'none' forbids the AS to show anything, so no other word can stand beside it"
        raise InvalidPromptParam(name="prompt", problem=problem)
    return value


def _claims(value: Any) -> Any:
    """Read JSON, so that a request object has it as an object (OIDC Core section 6.1)."""
    try:
        return parse_json_object(value) if isinstance(value, (str, bytes)) else value
    except ValueError as wrong:
        raise InvalidAuthorizationRequestParam(name="claims", problem=str(wrong)) from None


def _id_token_hint(value: Any) -> str:
    """Return the JWT of an ID token, or of the token that it came with."""
    return str(getattr(value, "id_token", None) or value)


def _response_mode(value: Any) -> str:
    return text(value, "response_mode")


READERS: dict[str, Callable[[Any], Any]] = {
    "authorization_details": read_authorization_details,
    "claims": _claims,
    "id_token_hint": _id_token_hint,
    "prompt": _prompt,
    "response_mode": _response_mode,
}


def further_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Read the parameters that are not fields of the request; those that are None are absent."""
    return {name: _further(name, value) for name, value in params.items() if value is not None}


def _further(name: str, value: Any) -> Any:
    value = list(value) if isinstance(value, Iterator) else value
    problem = REFUSED.get(name) or _unsendable(value)
    if problem:
        raise InvalidAuthorizationRequestParam(name=name, problem=problem)
    return READERS[name](value) if name in READERS else value


def _unsendable(value: Any) -> str | None:
    try:
        Form(it=value).encode()
    except (TypeError, ValueError):
        return f"this {type(value).__name__} can be written neither as text nor as JSON"
    return None


def as_sent(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as they are sent: words joined, everything else as a value."""
    return {name: " ".join(form_values(value)) if name in SPACE_SEPARATED else value for name, value in params.items()}


__all__ = [
    "InvalidAcrValuesParam",
    "InvalidAuthorizationRequestParam",
    "InvalidMaxAgeParam",
    "InvalidPromptParam",
    "InvalidRedirectUri",
    "ProofKey",
    "UnsupportedResponseTypeParam",
]

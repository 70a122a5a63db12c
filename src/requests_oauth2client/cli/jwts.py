"""`inspect`: a JWT explained claim by claim, and verified with the keys of its issuer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import click

from .._core.redaction import one_line
from .._core.times import moment, now, timestamp
from .exits import REFUSED, Failure
from .output import iso, marked, plain, put_json, put_table, say, shown, until
from .program import Command, program, traced, with_json, with_trace

MEANINGS = {
    "alg": "how it is signed",
    "kid": "which key of the issuer signed it",
    "typ": "what kind of token it is",
    "cty": "what is inside",
    "enc": "how the content is encrypted",
    "x5t#S256": "thumbprint of the certificate of its key",
    "iss": "who issued it",
    "sub": "whom it is about: the user or client, as the issuer calls them",
    "aud": "whom it is for: anyone else has to refuse it",
    "azp": "the client that it was issued to",
    "client_id": "the client that it was issued to",
    "exp": "valid until",
    "nbf": "not valid before",
    "iat": "issued",
    "auth_time": "the user logged in",
    "jti": "its own number, so that it can be recognized",
    "nonce": "binds it to one login",
    "acr": "how well the user was authenticated",
    "amr": "by which means the user was authenticated",
    "at_hash": "binds it to an access token",
    "c_hash": "binds it to a code",
    "s_hash": "binds it to a state",
    "scope": "what it allows",
    "scp": "what it allows",
    "sid": "the session at the issuer",
    "cnf": "the key that its sender has to prove",
    "act": "who acts for the subject",
    "may_act": "who may act for the subject",
    "events": "what happened",
    "htm": "the HTTP method of the request",
    "htu": "the URL of the request",
    "ath": "binds it to an access token",
    "email": "e-mail address",
    "email_verified": "whether the issuer has verified the address",
    "name": "full name",
    "preferred_username": "short name; not a stable identifier",
    "groups": "groups of the user",
    "roles": "roles of the user",
    "authorization_details": "what it allows, in detail",
}
TIMES = ("exp", "nbf", "iat", "auth_time", "updated_at")


class Check(NamedTuple):
    """One check of a JWT: what was checked, whether it passed, and why not."""

    name: str
    passed: bool
    message: str


@program.command(
    "inspect",
    cls=Command,
    example="oauth2client token -p work | oauth2client inspect\n"
    "oauth2client inspect @id_token.jwt --issuer https://as.example.com --audience my-cli",
)
@click.argument("token", required=False)
@click.option("--issuer", help="Verify it with the keys of this issuer.")
@click.option("--audience", help="Whom it has to be for.")
@with_json
@with_trace
def inspect_command(
    token: str | None, issuer: str | None, audience: str | None, as_json: bool, trace: str | None
) -> int:
    """Explain a JWT, from an argument, @FILE or stdin. Without --issuer nothing in it is verified."""
    from .calls import read_token

    text = read_token(token)
    header, claims = take_apart(text)
    checks: list[Check] = []
    if claims is not None:
        with traced(trace):
            checks = _checks(text, claims, issuer, audience)
    elif issuer is not None:
        raise Failure("It is encrypted: only its recipient can read and verify it.", REFUSED)
    verified = issuer is not None and all(check.passed for check in checks)
    if as_json:
        put_json(
            {
                "header": plain(header),
                "claims": claims and plain(claims),
                "verified": verified,
                "checks": [check._asdict() for check in checks],
            }
        )
    else:
        _show(header, claims, checks, verified=verified)
    return 0 if (issuer is None and audience is None) or all(check.passed for check in checks) else REFUSED


def take_apart(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """Return the header and the claims of a JWT; of an encrypted one, the header and None.

    Raises:
        Failure: it is not a JWT.
    """
    from .._jose import compact
    from .._jose.errors import JoseError

    try:
        if compact.is_jwe(token):
            return compact.read_jwe_header(token), None
        parsed = compact.take_apart(token)
        return parsed.header, parsed.claims()
    except JoseError as wrong:
        hint = (
            ""
            if token.count(".") in {2, 4}
            else " A token without dots is opaque: ask its server about it, with oauth2client introspect."
        )
        raise Failure(f"This is not a JWT. {wrong.message}{hint}") from None


def _checks(token: str, claims: Mapping[str, Any], issuer: str | None, audience: str | None) -> list[Check]:
    from .._jose import claims as rules

    seconds = timestamp()
    checks: list[Check] = []
    if issuer is not None:
        checks.append(_signature(token, issuer))
        checks.append(_tried("iss", lambda: rules.check_issuer(claims, issuer)))
    checks.append(_tried("exp", lambda: rules.check_exp(claims, seconds, required=False)))
    checks.append(_tried("nbf", lambda: rules.check_nbf(claims, seconds)))
    checks.append(_tried("iat", lambda: rules.check_iat(claims, seconds, required=False)))
    if audience is not None:
        checks.append(_tried("aud", lambda: rules.check_aud(claims, audience)))
    return checks


def _signature(token: str, issuer: str) -> Check:
    from .._jose.errors import JoseError
    from .._protocol.metadata.server_keys import verify_jws
    from .._protocol.settings import ASYMMETRIC
    from ..client import OAuth2Client

    client = OAuth2Client(issuer=issuer, client_id="oauth2client")
    client.discover()
    try:
        client._drive(verify_jws(client, token, algs=ASYMMETRIC))  # noqa: SLF001  an operation
    except JoseError as wrong:
        return Check("signature", passed=False, message=wrong.message)
    return Check("signature", passed=True, message=f"signed with a key of {issuer}")


def _tried(name: str, check: Callable[[], object]) -> Check:
    from .._jose.errors import JoseError

    try:
        check()
    except JoseError as wrong:
        return Check(name, passed=False, message=wrong.message)
    return Check(name, passed=True, message="")


def _show(
    header: Mapping[str, Any], claims: Mapping[str, Any] | None, checks: Iterable[Check], *, verified: bool
) -> None:
    rows = [[name, shown(value), MEANINGS.get(name, "")] for name, value in header.items()]
    rows += [[name, shown(value), _meaning(name, value)] for name, value in (claims or {}).items()]
    put_table(["name", "value", "meaning"], rows)
    for check in checks:
        if not check.passed:
            say(f"{marked('wrong', 'red')} {check.name}: {one_line(check.message)}")
    if claims is None:
        say("It is encrypted: only its recipient can read the claims.")
    elif verified:
        say("Verified: the signature is the issuer's, and the claims are valid.")
    else:
        say("Not verified: anyone could have written this. Pass --issuer URL to verify it.")


def _meaning(name: str, value: object) -> str:
    when = moment(value) if name in TIMES and isinstance(value, (int, float)) else None
    text = MEANINGS.get(name, "")
    if when is None:
        return text
    if name == "exp" and when < now():
        text = "expired"
    return f"{text}: {iso(when)}, {until(when)}"


__all__ = ["inspect_command", "take_apart"]

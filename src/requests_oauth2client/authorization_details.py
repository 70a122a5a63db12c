"""Rich authorization: asking for more than a scope can say (RFC 9396).

`AuthorizationDetail` is one thing that is asked for, or that a token was granted; a request has a list of them.
It is a dict, so that it is sent, compared and stored as the JSON that it is. Knows no request and no token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ._core.messages import parse_json
from ._core.redaction import one_line
from .exceptions import InvalidParam


class InvalidAuthorizationDetails(InvalidParam):
    """This is no list of JSON objects that each have a `type` (RFC 9396 section 2)."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"authorization_details is a list of objects, each with a type; {problem}."
            " AuthorizationDetail(type, ...) makes such an object."
        )


class AuthorizationDetail(dict[str, Any]):
    """One thing that a client may do; a JSON object, whose members are attributes too.

    Args:
        type: what kind of thing it is; it decides which members there may be.
        locations: where it may be done: the URIs of the resource servers.
        actions: what may be done.
        datatypes: with which kinds of data.
        identifier: of the one resource that it is about.
        privileges: with which rank.
        **more: the members that are particular to the type.

    Raises:
        InvalidAuthorizationDetails: the type is no text, or a member that is a list of texts is something else.

    Source: RFC 9396 sections 2.1 and 2.2.
    """

    def __init__(
        self,
        /,
        type: str,  # noqa: A002  as the RFC names it
        *,
        locations: Iterable[str] | None = None,
        actions: Iterable[str] | None = None,
        datatypes: Iterable[str] | None = None,
        identifier: str | None = None,
        privileges: Iterable[str] | None = None,
        **more: object,
    ) -> None:
        lists = {"locations": locations, "actions": actions, "datatypes": datatypes, "privileges": privileges}
        members = {
            "type": _text(type, "type"),
            **{name: _texts(values, name) for name, values in lists.items()},
            "identifier": None if identifier is None else _text(identifier, "identifier"),
        }
        super().__init__({**{name: value for name, value in members.items() if value is not None}, **more})

    if not TYPE_CHECKING:  # or every misspelt name would pass

        def __getattr__(self, name: str) -> Any:
            try:
                return self[name]
            except KeyError:
                msg = f"this AuthorizationDetail has no {name!r}"
                raise AttributeError(msg) from None

    def __repr__(self) -> str:
        members = " ".join(f"+{one_line(name)}" for name in self if name != "type")
        return f"<AuthorizationDetail type={one_line(self.get('type'))!r} {members}>"


def read_authorization_details(value: object) -> list[AuthorizationDetail]:
    """Read a list of authorization details: that of a request, or that of a token.

    Args:
        value: an iterable of mappings, one mapping, or the JSON of these.

    Raises:
        InvalidAuthorizationDetails: it is something else, or an object has no type.

    Source: RFC 9396 sections 2 and 7.
    """
    try:
        found = parse_json(value) if isinstance(value, (str, bytes)) else value
    except ValueError as wrong:
        raise InvalidAuthorizationDetails(str(wrong)) from None
    listed = [found] if isinstance(found, Mapping) else found
    if not isinstance(listed, Iterable) or isinstance(listed, (str, bytes)):
        problem = f"this is a {type(found).__name__}"
        raise InvalidAuthorizationDetails(problem)
    return [_detail(one) for one in listed]


def _detail(value: Any) -> AuthorizationDetail:
    if isinstance(value, AuthorizationDetail):
        return value
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        problem = f"one of these is a {type(value).__name__}" + (
            " with other names than texts" * isinstance(value, Mapping)
        )
        raise InvalidAuthorizationDetails(problem)
    if "type" not in value:
        problem = "one of these has none"
        raise InvalidAuthorizationDetails(problem)
    return AuthorizationDetail(**value)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        problem = f"the {name} is {'empty' if value == '' else f'a {type(value).__name__}'}, expected a string"
        raise InvalidAuthorizationDetails(problem)
    return value


def _texts(values: Any, name: str) -> list[str] | None:
    if values is None:
        return None
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        problem = f"its {name} is a {type(values).__name__}, expected a list of texts"
        raise InvalidAuthorizationDetails(problem)
    return [_text(one, name) for one in values]


__all__ = ["AuthorizationDetail", "InvalidAuthorizationDetails", "read_authorization_details"]

"""What requests and their responses share: further parameters as attributes, and how a response sees its request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self

from .._core.messages import Form
from .._core.values import NotPickled
from ..exceptions import AuthorizationResponseError


class SentRequest(Protocol):
    """What the check of a response needs to know of the authorization request; `AuthorizationRequest` documents it."""

    exception_classes: ClassVar[dict[str, type[AuthorizationResponseError]]]

    @property
    def authorization_endpoint(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def redirect_uri(self) -> str | None: ...
    @property
    def scope(self) -> str | None: ...
    @property
    def response_type(self) -> str: ...
    @property
    def response_mode(self) -> str | None: ...
    @property
    def state(self) -> str | None: ...
    @property
    def nonce(self) -> str | None: ...
    @property
    def code_verifier(self) -> str | None: ...
    @property
    def acr_values(self) -> tuple[str, ...] | None: ...
    @property
    def max_age(self) -> int | None: ...
    @property
    def issuer(self) -> str | None: ...
    @property
    def authorization_response_iss_parameter_supported(self) -> bool: ...
    @property
    def dpop_key(self) -> Any: ...
    @property
    def profile(self) -> str | None: ...
    @property
    def kwargs(self) -> Mapping[str, Any]: ...

    def validate_callback(self, response: Any, *, jwks: Any = None, alg: str = "RS256") -> Any:
        """Check a callback, and return the `AuthorizationResponse`."""
        ...


class Extended(NotPickled):
    """A frozen dataclass whose further parameters, in `kwargs`, are attributes too; those in `named` always."""

    named: ClassVar[frozenset[str]] = frozenset()
    kwargs: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return all arguments, secrets included: `type(value)(**value.as_dict())` equals the value."""
        known = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "kwargs"}  # type: ignore[arg-type]
        return {**self.kwargs, **known}

    def replace(self, /, **changes: Any) -> Self:
        """Return a value of this class with some arguments replaced."""
        return type(self)(**{**self.as_dict(), **changes})

    def __getattr__(self, name: str) -> Any:
        further = self.__dict__.get("kwargs", {})
        if name.startswith("_") or (name not in further and name not in self.named):
            msg = f"this {type(self).__name__} has no {name!r}"
            raise AttributeError(msg)
        return further.get(name)


def further(kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep further parameters: read-only, without those that are None; only their names show."""
    return MappingProxyType(Form(kwargs))

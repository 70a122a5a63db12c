"""What requests and their responses share: further parameters as attributes, and how a response sees its request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from .._core.messages import Form
from .._core.options import accept_further, close_to
from .._core.redaction import excerpt
from .._core.values import NotPickled
from ..exceptions import AuthorizationResponseError, InvalidAuthResponse
from .params import KNOWN

WORDS = frozenset("scope response_type prompt acr_values ui_locales claims_locales".split())


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
    def scope(self) -> tuple[str, ...] | None: ...
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

    if not TYPE_CHECKING:  # or every misspelt name would pass

        def __getattr__(self, name: str) -> Any:
            further = self.__dict__.get("kwargs", {})
            if name.startswith("_") or (name not in further and name not in self.named):
                msg = f"this {type(self).__name__} has no {name!r}"
                raise AttributeError(msg)
            return further.get(name)


class Spelled(Extended):
    """One whose further parameters a caller writes: a name that is almost a known one is refused, but for `extra`."""

    @classmethod
    def accept(cls, kwargs: Mapping[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the further parameters.

        Raises:
            UnknownParam: one is spelled almost like a parameter that exists.
        """
        return accept_further(kwargs, cls._known(), where=f"A request ({cls.__name__})", extra=extra)

    @classmethod
    def _known(cls) -> frozenset[str]:
        return KNOWN | {one.name for one in fields(cls)} | cls.named  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        """Return all arguments, secrets included: `type(value)(**value.as_dict())` equals the value.

        Further parameters that had to be insisted on are under `extra`.
        """
        found, names = super().as_dict(), self._known()
        extra = {name: found.pop(name) for name in self.kwargs if name not in names and close_to(name, names)}
        return {**found, "extra": extra} if extra else found

    def replace(self, /, **changes: Any) -> Self:
        """Return a value of this class with some arguments replaced."""
        known = self.as_dict()
        extra = {**known.pop("extra", {}), **(changes.pop("extra", None) or {})}
        return type(self)(**{**known, **changes, "extra": extra})


def further(kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep further parameters: read-only, without those that are None; only their names show."""
    return MappingProxyType(Form({name: _joined(name, value) for name, value in kwargs.items()}))


def _joined(name: str, value: Any) -> Any:
    """Join words as one parameter: none of these may be sent twice (RFC 6749 section 3.1)."""
    return " ".join(map(str, value)) if name in WORDS and isinstance(value, (list, tuple, set, frozenset)) else value


def add_server_error(wrong: InvalidAuthResponse, params: Mapping[str, str]) -> None:
    """Let an error about a callback also tell the `error` that the server put into it."""
    if wrong.server_error is not None or "error" not in params:
        return
    wrong.server_error = params["error"]
    said = f": {excerpt(params['error_description'])}" if "error_description" in params else ""
    wrong.args = (f"{wrong} It says error={excerpt(params['error'])!r}{said}",)

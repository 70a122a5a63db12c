"""What a client knows: its AS, its credentials, its limits. Read-only once it is made.

Each argument is an attribute of the same name, spelled as in the metadata of clients and servers (RFC 7591
section 2, RFC 8414 section 2). Knows no HTTP library and no operation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, Self, SupportsIndex, TypeVar

from .. import profiles
from .._core import issuers
from .._core.client_auth import ClientAuthentication
from .._core.credentials import File
from .._core.issuers import Issuer, IssuerFunction
from .._core.late import LateFunction
from .._core.messages import DEFAULT_MAX_RESPONSE_SIZE, DEFAULT_TIMEOUT, Certificate
from .._core.options import accept_further
from .._core.urls import validate_endpoint_uri, validate_issuer_uri
from .._core.values import Discreet
from .._tokens.bearer import BearerToken
from ..client_authentication import alternatives, client_auth_factory
from ..exceptions import (
    InvalidParam,
    MissingEndpointUri,
    MissingIdTokenEncryptedResponseAlgParam,
    MissingIssuerParam,
    MissingServer,
    UndiscoveredServer,
)
from ..retries import DEFAULT_RETRIES, Retries, check_retries
from . import leniency

if TYPE_CHECKING:
    from .._oidc.expectations import AcrPolicy
    from ..dpop import DPoPKey
    from ..registration import ClientInformation
    from .arguments import ClientAuth, Session

S = TypeVar("S")

DEFAULT_DPOP_ALG = "ES256"
GENERATE_DPOP_KEY: Any = LateFunction(lambda: _dpop_key_class().generate, "requests_oauth2client.dpop:DPoPKey.generate")

ENDPOINTS = (
    "token_endpoint authorization_endpoint revocation_endpoint introspection_endpoint userinfo_endpoint"
    " device_authorization_endpoint backchannel_authentication_endpoint pushed_authorization_request_endpoint"
    " end_session_endpoint registration_endpoint jwks_uri"
).split()

ISS_FLAG = "authorization_response_iss_parameter_supported"
ALIASES = "mtls_endpoint_aliases"
LEARNED = (*ENDPOINTS, ALIASES, ISS_FLAG)  # settings that metadata may have, where the user does not give them
ASYMMETRIC = "RS256 PS256 ES256 EdDSA Ed25519 ES384 ES512 PS384 PS512 RS384 RS512 ES256K".split()
METHODS_LISTED = "token_endpoint_auth_methods_supported"
OWNER = "A client"  # in messages about misspelled settings
ENCRYPTED_ANSWERS = ("id_token", "userinfo", "introspection", "authorization")
KEPT_AS_GIVEN = (
    "redirect_uri authorization_server_jwks id_token_signed_response_alg id_token_encrypted_response_alg"
    " id_token_encrypted_response_enc id_token_decryption_key id_token_iat_max_age id_token_s_hash_required"
    " userinfo_signed_response_alg userinfo_encrypted_response_alg userinfo_encrypted_response_enc"
    " introspection_signed_response_alg introspection_encrypted_response_alg introspection_encrypted_response_enc"
    " authorization_signed_response_alg authorization_encrypted_response_alg authorization_encrypted_response_enc"
    " allow_unknown_issuer code_challenge_method authorization_response_iss_parameter_supported token_class"
    " dpop_bound_access_tokens dpop_key_generator timeout max_response_size registration push"
    " request_object_signing_key protected_resource"
).split()


class ClientSettings(Discreet):
    """The settings of a client sync or async; `OAuth2Client` says what each is for."""

    testing: bool
    profile: str | None
    issuer: str | None
    issuer_function: IssuerFunction | None
    metadata_url: str | None
    protected_resource: str | None
    client_id: str
    token_endpoint: str
    revocation_endpoint: str | None
    introspection_endpoint: str | None
    userinfo_endpoint: str | None
    authorization_endpoint: str | None
    backchannel_authentication_endpoint: str | None
    device_authorization_endpoint: str | None
    pushed_authorization_request_endpoint: str | None
    end_session_endpoint: str | None
    registration_endpoint: str | None
    jwks_uri: str | None
    redirect_uri: str | None
    authorization_server_jwks: Any
    id_token_signed_response_alg: str | None
    id_token_encrypted_response_alg: str | None
    id_token_encrypted_response_enc: str | None
    id_token_decryption_key: Any
    id_token_iat_max_age: float | None
    id_token_s_hash_required: bool
    userinfo_signed_response_alg: str | None
    userinfo_encrypted_response_alg: str | None
    userinfo_encrypted_response_enc: str | None
    introspection_signed_response_alg: str | None
    introspection_encrypted_response_alg: str | None
    introspection_encrypted_response_enc: str | None
    authorization_signed_response_alg: str | None
    authorization_encrypted_response_alg: str | None
    authorization_encrypted_response_enc: str | None
    allow_unknown_issuer: bool
    further_issuers: tuple[str, ...]
    id_token_leeway: float
    trusted_audiences: tuple[str, ...]
    authorized_parties: tuple[str, ...]
    acr_policy: AcrPolicy | None
    refreshed_auth_time_may_change: bool
    bearer_token_types: tuple[str, ...]
    zero_lifetime_is_unlimited: bool
    logout_token_max_age: float | None
    compare_callback_address: bool
    mtls_endpoint_aliases: Mapping[str, str]
    authorization_server_metadata: Mapping[str, Any]
    client_certificate: Certificate | None
    code_challenge_method: str | None
    authorization_response_iss_parameter_supported: bool
    token_class: type[BearerToken]
    dpop_bound_access_tokens: bool
    dpop_key_generator: Callable[[str], DPoPKey]
    dpop_alg: str
    timeout: float
    max_response_size: int
    retries: Retries | None
    registration: ClientInformation | None
    push: bool | None
    request_object_signing_key: Any
    extra_metadata: dict[str, Any]

    def __init__(
        self,
        token_endpoint: str | None = None,
        auth: ClientAuth | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | File | None = None,
        private_key: object = None,
        revocation_endpoint: str | None = None,
        introspection_endpoint: str | None = None,
        userinfo_endpoint: str | None = None,
        authorization_endpoint: str | None = None,
        redirect_uri: str | None = None,
        backchannel_authentication_endpoint: str | None = None,
        device_authorization_endpoint: str | None = None,
        pushed_authorization_request_endpoint: str | None = None,
        end_session_endpoint: str | None = None,
        registration_endpoint: str | None = None,
        mtls_endpoint_aliases: Mapping[str, str] | None = None,
        authorization_server_metadata: Mapping[str, Any] | None = None,
        jwks_uri: str | None = None,
        authorization_server_jwks: object = None,
        issuer: Issuer | None = None,
        metadata_url: str | None = None,
        protected_resource: str | None = None,
        id_token_signed_response_alg: str | None = profiles.UNSAID_ALG,
        id_token_encrypted_response_alg: str | None = None,
        id_token_encrypted_response_enc: str | None = None,
        id_token_decryption_key: object = None,
        id_token_iat_max_age: float | None = None,
        id_token_s_hash_required: bool = False,
        userinfo_signed_response_alg: str | None = None,
        userinfo_encrypted_response_alg: str | None = None,
        userinfo_encrypted_response_enc: str | None = None,
        introspection_signed_response_alg: str | None = None,
        introspection_encrypted_response_alg: str | None = None,
        introspection_encrypted_response_enc: str | None = None,
        authorization_signed_response_alg: str | None = None,
        authorization_encrypted_response_alg: str | None = None,
        authorization_encrypted_response_enc: str | None = None,
        client_certificate: Certificate | None = None,
        allow_unknown_issuer: bool = False,
        further_issuers: Iterable[str] = (),
        id_token_leeway: float = 0,
        trusted_audiences: Iterable[str] = (),
        authorized_parties: Iterable[str] = (),
        acr_policy: AcrPolicy | None = None,
        refreshed_auth_time_may_change: bool = False,
        bearer_token_types: Iterable[str] = (),
        zero_lifetime_is_unlimited: bool = False,
        logout_token_max_age: float | None = 3600,
        compare_callback_address: bool = False,
        code_challenge_method: str | None = "S256",
        authorization_response_iss_parameter_supported: bool = profiles.UNSAID_NO,
        token_class: type[BearerToken] = BearerToken,
        session: Session | None = None,
        dpop_bound_access_tokens: bool = profiles.UNSAID_NO,
        dpop_key_generator: Callable[[str], DPoPKey] = GENERATE_DPOP_KEY,
        dpop_alg: str = DEFAULT_DPOP_ALG,
        default_auth_handler: Callable[[str, str], Any] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        max_response_size: int = DEFAULT_MAX_RESPONSE_SIZE,
        retries: Retries | None = DEFAULT_RETRIES,
        registration: ClientInformation | None = None,
        push: bool | None = None,
        request_object_signing_key: object = None,
        profile: str | None = None,
        testing: bool = False,
        extra: Mapping[str, Any] | None = None,
        **extra_metadata: Any,
    ) -> None:
        given = locals()
        self.extra_metadata = accept_further(extra_metadata, known_settings(type(self)), where=OWNER, extra=extra)
        self.testing, self.profile = testing, profiles.known(profile)
        self.issuer_function = issuer if callable(issuer) else None
        said = issuers.written(issuer)
        self.issuer = None if said is None else validate_issuer_uri(said, https=not testing)
        listed = stated_list(authorization_server_metadata or {}, METHODS_LISTED)
        method = client_auth_factory(
            auth,
            client_id=client_id,
            client_secret=client_secret,
            private_key=private_key,
            issuer=issuers.exact(self.issuer),
            default_auth_handler=default_auth_handler,
            profile=self.profile,
            listed=listed,
        )
        self.auth = profiles.addressed(self.profile, method, issuers.exact(self.issuer))
        self.client_id = _client_id(self.auth, client_id)
        self._is_bare = default_auth_handler is None and not callable(auth)  # an id and a secret, for any method
        self._is_settled = False
        self._alternatives = alternatives(self.auth, is_bare=self._is_bare, listed=listed)
        self._set(**{name: self._checked(name, given[name]) for name in ENDPOINTS})
        self._set(**{name: given[name] for name in KEPT_AS_GIVEN})
        self._set(**{name: leniency.read(name, given[name]) for name in leniency.DEFAULTS})
        self.metadata_url = self._checked("metadata_url", metadata_url)
        is_to_be_found = token_endpoint is None or metadata_url is not None
        self.finds_its_server = is_to_be_found and (self.issuer or self.protected_resource) is not None
        self.given = frozenset(name for name in LEARNED if profiles.is_said(given[name]))
        self._set(**{ISS_FLAG: bool(self.authorization_response_iss_parameter_supported)})
        aliases = {name: self._checked(name, uri) for name, uri in (mtls_endpoint_aliases or {}).items()}
        self._set(
            dpop_alg=_check_dpop_alg(dpop_alg),
            retries=check_retries(retries),
            client_certificate=getattr(self.auth, "certificate", client_certificate),
            mtls_endpoint_aliases=MappingProxyType(aliases),
            authorization_server_metadata=MappingProxyType(dict(authorization_server_metadata or {})),
        )
        self._given_session: Any = session  # or the client's own, once it is made
        self._owns_session, self._owner = False, 0
        self._check_combinations()
        self._follow_profile()
        self._follow_metadata()
        self._check_runner()

    def _checked(self, name: str, uri: str | None) -> str | None:
        return None if uri is None else validate_endpoint_uri(uri, https=not self.testing, name=name)

    def _set(self, **settings: Any) -> None:
        self.__dict__.update(settings)

    def _check_combinations(self) -> None:
        """Refuse settings that can't work together."""
        self._set(protected_resource=_resource_url(self.protected_resource, testing=self.testing))
        if (
            self.issuer is None
            and self.protected_resource is None
            and not any(getattr(self, name) for name in ENDPOINTS)
        ):
            msg = "A client needs to know its server: pass token_endpoint=, or issuer= to have its metadata read."
            raise MissingServer(msg)
        if self.metadata_url is not None and self.issuer is None:
            msg = "metadata_url= needs issuer=, a string: whom the metadata must name, to the letter."
            raise InvalidParam(msg)
        if self.authorization_response_iss_parameter_supported and self.issuer_rule is None:
            raise MissingIssuerParam
        encrypted = [f"{answer}_encrypted_response_alg" for answer in ENCRYPTED_ANSWERS]
        if self.id_token_decryption_key is not None and all(getattr(self, name) is None for name in encrypted):
            raise MissingIdTokenEncryptedResponseAlgParam
        if self.push not in (None, True, False):
            msg = f"push= is True, False, or None to push where the server demands it, got {self.push!r}."
            raise InvalidParam(msg)
        if self.request_object_signing_key is not None:
            profiles.signing_key(self.profile, self.request_object_signing_key, symmetric=True)

    def _follow_profile(self) -> None:
        """Switch on what the profile demands where nothing was given, then check the whole."""
        unsaid = profiles.switched_on(self.profile, vars(self), certificate=self.client_certificate)
        self._unsaid = frozenset(unsaid)
        self._set(**unsaid)
        if profiles.announces_issuer(self.profile):
            self._set(authorization_response_iss_parameter_supported=True)
        profiles.check(self.profile, "client", self)

    def _follow_metadata(self) -> None:
        """Choose what was not given as the metadata have it: the algs of ID tokens, where RS256 is not listed."""
        listed = stated_list(self.authorization_server_metadata, "id_token_signing_alg_values_supported")
        asymmetric = [alg for alg in listed if alg in ASYMMETRIC]
        if profiles.PLAIN_ALG in asymmetric:
            asymmetric = [profiles.PLAIN_ALG]
        if "id_token_signed_response_alg" in self._unsaid and self.profile is None and asymmetric:
            self._set(id_token_signed_response_alg=asymmetric[0])
            self._further_id_token_algs = tuple(asymmetric[1:])

    def learn(self, *, authorization_server_metadata: Mapping[str, Any], **known: Any) -> None:
        """Take what the metadata of the AS say, where the user gave nothing."""
        learned = {name: value for name, value in known.items() if name in LEARNED and name not in self.given}
        if self.protected_resource is not None and self.issuer is None:
            learned["issuer"] = known.get("issuer")  # which of the API's servers this is
        if ALIASES in learned:
            learned[ALIASES] = MappingProxyType(dict(learned[ALIASES]))
        self._set(authorization_server_metadata=MappingProxyType(dict(authorization_server_metadata)), **learned)
        self._unsaid |= {*learned, "authorization_server_metadata"}
        self.__dict__.pop("_id_token_settings", None)
        self._follow_metadata()
        if self._is_bare and not self._is_settled and self._given_secret is not None:
            listed = stated_list(self.authorization_server_metadata, METHODS_LISTED)
            pair = self.client_id, self._given_secret
            self._set(auth=client_auth_factory(pair, issuer=self.issuer, profile=self.profile, listed=listed))
            self._alternatives = alternatives(self.auth, is_bare=True, listed=listed)

    def _own(self, session: S) -> S:
        """Use a session of the client's own, in this process: after a fork, connections are those of the parent."""
        self._given_session, self._owns_session, self._owner = session, True, os.getpid()
        return session

    def _is_inherited(self) -> bool:
        return self._owns_session and self._owner != os.getpid()

    def _check_runner(self) -> None:
        """Refuse a session or an auth that does not belong to this client's HTTP library."""

    def replace(self, **changes: Any) -> Self:
        """Return a client like this one, with other settings. Keys that were fetched are fetched anew.

        Args:
            **changes: arguments of the client.

        Raises:
            UnknownParam: a name is close to that of an argument, and so probably misspelled.
            UnsupportedClientCredentials: and everything else that making a client raises.
        """
        settings = {name: getattr(self, name) for name in ClientSettings.__annotations__ if name != "client_id"}
        settings = {name: value for name, value in settings.items() if name not in self._unsaid}
        if self.jwks_uri is not None:
            del settings["authorization_server_jwks"]
        settings["issuer"] = settings.pop("issuer_function") or settings["issuer"]
        session = None if self._owns_session else self._given_session
        extra = {**settings.pop("extra_metadata"), **(changes.pop("extra", None) or {})}
        is_open = self._is_bare and not self._is_settled and self._given_secret is not None
        pair = (self.client_id, self._given_secret) if is_open else None
        known = {**settings, "auth": pair or self.auth, "session": session}
        if getattr(self.auth, "client_id", None) is None:
            known["client_id"] = self.client_id
        return type(self)(**{**known, **changes}, extra=extra)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ and not name.startswith("_"):
            msg = f"{name!r} of a {type(self).__name__} can't be changed. Make another client."
            raise AttributeError(msg)
        super().__setattr__(name, value)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        msg = f"A {type(self).__name__} holds credentials and connections and is not pickled. Make one in each process."
        raise TypeError(msg)

    def __copy__(self) -> Self:
        """Return a client with the same settings; a session of its own it makes anew, and keys it fetches anew."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        for cache in ("_key_cache", "_metadata_cache"):
            other.__dict__.pop(cache, None)
        if self._owns_session:
            other._given_session, other._owns_session = None, False
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __repr__(self) -> str:
        server = "issuer" if self.finds_its_server else "token_endpoint"
        server = "protected_resource" if self.protected_resource is not None else server
        known = f"client_id={self.client_id!r} {server}={getattr(self, server)!r}"
        return f"<{type(self).__name__} {known}{leniency.shown(vars(self))}>"

    @property
    def issuer_rule(self) -> Issuer | None:
        """What the `iss` of a token is compared with: the issuer, its template, or the function that was given."""
        return self.issuer_function or self.issuer

    @property
    def client_secret(self) -> str | None:
        """The client secret, where the client has one; one in a file as it was read last."""
        secret = self._given_secret
        return secret.last_read if isinstance(secret, File) else secret

    @property
    def _given_secret(self) -> str | File | None:
        return getattr(self.auth, "client_secret", None)

    @property
    def client_jwks(self) -> dict[str, Any]:
        """The public keys of this client, to be registered at the AS or published at a `jwks_uri` (RFC 7591 section 2).

        That of `private_key_jwt`, `request_object_signing_key` and `id_token_decryption_key`; none where the client
        has no key pair.
        """
        from .._jose.keys import public_jwk, to_jwk  # noqa: PLC0415  loads cryptography

        own = self.request_object_signing_key
        found = [getattr(self.auth, "public_jwk", None)]
        if own is not None:
            found.append(profiles.signing_key(self.profile, own, symmetric=True).public_jwk)
        signing = [jwk for index, jwk in enumerate(found) if jwk and jwk not in found[:index]]
        given = self.id_token_decryption_key
        decrypting = given["keys"] if isinstance(given, Mapping) and "keys" in given else [given] if given else []
        pairs = [jwk for jwk in map(to_jwk, decrypting) if jwk.get("kty") != "oct"]
        return {"keys": [*signing, *({"use": "enc", **public_jwk(jwk)} for jwk in pairs)]}

    def endpoint(self, endpoint_name: str) -> str:
        """Return the address of an endpoint.

        Args:
            endpoint_name: as in the metadata of the AS, such as `token_endpoint`.

        Raises:
            MissingEndpointUri: the client does not know it.
            InvalidEndpointUri: the metadata of the AS have one that can't be used.
            InvalidDiscoveryDocument: what they have is no string.
        """
        alias = None if self.client_certificate is None else self.mtls_endpoint_aliases.get(endpoint_name)
        uri: str | None = alias or getattr(self, endpoint_name, None)  # RFC 8705 §5
        metadata, https = self.authorization_server_metadata, not self.testing
        if uri is None:
            self._find_now(endpoint_name)
            metadata, uri = self.authorization_server_metadata, getattr(self, endpoint_name, None)
        if uri is None:  # then the metadata have none, or none that can be used: say why
            from ..discovery import stated_endpoint  # noqa: PLC0415  for clients with metadata

            stated_endpoint(metadata, endpoint_name, source=self.issuer, https=https)
            cache = self.__dict__.get("_metadata_cache")
            raise MissingEndpointUri(endpoint_name, read=cache.read if cache is not None else ())
        if uri == metadata.get(endpoint_name) or alias is not None:
            self.check_discovered_uri(endpoint_name, uri)
        return uri

    def _find_now(self, endpoint_name: str) -> None:  # noqa: ARG002  the sync client overrides it
        """Read metadata that may have this endpoint, or say how: the async client can't wait here."""
        if self.finds_its_server and not self.authorization_server_metadata:
            raise UndiscoveredServer(str(self.issuer or self.protected_resource))

    @classmethod
    def check_discovered_uri(cls, name: str, uri: str) -> None:
        """Refuse an address that metadata lead to. Override it to keep a client away from private networks.

        It is called for each endpoint that comes from metadata when it is used, and for those of a federation. Names
        of hosts are not resolved here; an override may do so, or compare them with a list of its own.

        Args:
            name: what it is for, such as `token_endpoint`.
            uri: the address.

        Raises:
            InvalidEndpointUri: raise it, or any other `InvalidParam`, to refuse the address.
        """

    def settle_auth(self, auth: ClientAuthentication) -> None:
        """Go on with the authentication method that the AS accepted."""
        self._set(auth=auth)
        self._alternatives, self._is_settled = (), True


def stated_list(metadata: Mapping[str, Any], name: str) -> list[str]:
    """Return the strings of a list in metadata; none where they don't state it. What else is in it is passed over."""
    value = metadata.get(name)
    values = [value] if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    return [one for one in values if isinstance(one, str)]


def known_settings(cls: type) -> frozenset[str]:
    """Return the names of all arguments of a client class; those of a user's subclass too."""
    makers = [
        getattr(vars(base)["__init__"], "__wrapped__", vars(base)["__init__"])
        for base in cls.__mro__[:-1]
        if "__init__" in vars(base)
    ]
    codes = [maker.__code__ for maker in makers if hasattr(maker, "__code__")]
    return frozenset(name for code in codes for name in code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])


def check_settings(cls: type, given: Mapping[str, Any]) -> None:
    """Refuse misspelled settings of a client that is about to be made, before anything is sent.

    Raises:
        UnknownParam: a name is close to that of a setting.
    """
    accept_further(given, known_settings(cls), where=OWNER)


def _dpop_key_class() -> type[DPoPKey]:
    from ..dpop import DPoPKey  # noqa: PLC0415  for clients that use DPoP

    return DPoPKey


def _resource_url(url: str | None, *, testing: bool) -> str | None:
    if url is None:
        return None
    from ..resource_metadata import validate_resource_url  # noqa: PLC0415  for clients of an API that is known

    return validate_resource_url(url, https=not testing)


def _check_dpop_alg(alg: str) -> str:
    if alg != DEFAULT_DPOP_ALG:
        from .._tokens.dpop_proof import check_alg  # noqa: PLC0415  for clients that use DPoP

        check_alg(alg)
    return alg


def _client_id(auth: Any, client_id: str | None) -> str:
    """Return the client_id of an authentication method; a foreign handler does not tell, so it is given."""
    own: str | None = getattr(auth, "client_id", None)
    if own is not None and client_id is not None and own != client_id:
        msg = f"client_id={client_id!r} contradicts that of auth=, {own!r}. Pass one of them."
        raise InvalidParam(msg)
    return own or client_id or ""

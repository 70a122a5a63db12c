"""Facebook's shape: metadata without a token endpoint, errors as objects, long-lived tokens by a grant of its own."""

from __future__ import annotations

from requests_oauth2client.testing import ReceivedRequest, ServerResponse
from requests_oauth2client.testing.messages import as_json

from .page import Journey, Page, greets, prints
from .shape import Shape, Ways, client_of, without

GRAPH = "https://graph.facebook.com/v23.0"
METADATA = "https://www.facebook.com/.well-known/openid-configuration/"
ADDRESSES = {
    "configuration": METADATA,
    "authorization": "https://www.facebook.com/v23.0/dialog/oauth",
    "token": f"{GRAPH}/oauth/access_token",
    "jwks": "https://www.facebook.com/.well-known/oauth/openid/jwks/",
}


class Facebook(Shape):
    """Facebook: a token can be exchanged for one that lives longer."""

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer."""
        if request.form.get("grant_type") == "fb_exchange_token":
            known = self.records.access_tokens.get(request.form["fb_exchange_token"])
            if known is None:
                return _refusal("Invalid OAuth access token.")
            return as_json({"access_token": known.value, "token_type": "bearer", "expires_in": 5_184_000})
        return super().endpoint(request)


def _refusal(message: str) -> ServerResponse:
    error = {"message": message, "type": "OAuthException", "code": 190, "fbtrace_id": "A1"}
    return as_json({"error": error}, status=400)


def me(shape: Shape, request: ReceivedRequest) -> ServerResponse:
    """Say who calls: by GET only."""
    if request.method != "GET":
        return _refusal("Unsupported post request.")
    user = shape.user_of(request)
    return as_json({"id": user, "name": user.title()})


def shapes() -> list[Shape]:
    """Make the provider anew."""
    ways = Ways(
        claims=lambda known: {"auth_time": None, "sid": None, "acr": None, "given_name": "Alice"},
        answers={"token": without("refresh_token", "scope", token_type="bearer")},
        refusals={"token": lambda shape, request, error: _refusal(str(error["error_description"]))},
        callback=lambda form: {"iss": None},
        stated={"token_endpoint": None, "response_types_supported": ["id_token", "token id_token"]},
        apis={f"{GRAPH}/me": me},
    )
    return [Facebook("https://www.facebook.com", ADDRESSES, ways, clients={"my-app": client_of()})]


PAGE = Page(
    name="facebook",
    shapes=shapes,
    checks={
        "Log users in to a web site": greets("Hello, Alice"),
        "A token that lives longer": prints("Alice"),
    },
    journeys={
        "login": Journey(
            {
                "token_endpoint": ADDRESSES["token"],
                "issuer": "https://www.facebook.com",
                "metadata_url": METADATA,
            },
            scope="openid",
            has=("id_token",),
        )
    },
)

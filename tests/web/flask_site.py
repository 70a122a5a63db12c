"""A Flask site for the tests."""

from __future__ import annotations

from typing import Any

from flask import Flask, jsonify

from requests_oauth2client.flask import Logins

from .browsers import BASE, Wire


def application(providers: dict[str, dict[str, Any]], api: str, **options: Any) -> tuple[Logins, Flask]:
    app = Flask(__name__)
    logins = Logins(app, **options)
    for name, settings in providers.items():
        logins.add(name, **settings)

    @app.get("/")
    @logins.required
    def home() -> Any:
        user = logins.user
        assert user is not None
        return jsonify({"user": user.subject, "claims": dict(user.claims), "acr": user.acr})

    @app.get("/open")
    def open_page() -> Any:
        return jsonify({"user": None if logins.user is None else logins.user.subject})

    @app.get("/things")
    @logins.required
    def things() -> Any:
        return jsonify(logins.api(api).get("things").json())

    @app.get("/whoami")
    @logins.required
    def whoami() -> Any:
        return jsonify(logins.api(api).get("me").json())

    @app.get("/unguarded")
    def unguarded() -> Any:
        return jsonify(logins.api(api).get("things").json())

    @app.get("/strong")
    @logins.requires(acr_values="urn:mfa", max_age=300)
    def strong() -> Any:
        return jsonify({"acr": logins.user.acr if logins.user else None})

    @app.post("/post")
    @logins.required
    def post() -> Any:
        return jsonify({})

    return logins, app


def build(providers: dict[str, dict[str, Any]], api: str, **options: Any) -> tuple[Logins, Wire]:
    base = options.pop("test_base", BASE)
    logins, app = application(providers, api, **options)

    def wire(method: str, path: str, headers: dict[str, str], form: Any | None) -> Any:
        client = app.test_client(use_cookies=False)
        response = client.open(path, method=method, base_url=base, headers=headers, data=form)
        return response.status_code, list(response.headers.items()), response.get_data(as_text=True)

    return logins, wire

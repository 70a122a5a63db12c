"""The views of the login routes, and decorators for views that need a login."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from .._drivers.requests import SyncRunner
from ..web.messages import WebResponse
from .logins import login_of, logins, web_request

ACTIONS = (
    "login",
    "callback",
    "backchannel-logout",
    "frontchannel-logout",
)  # logouts of users have a view of their own
View = TypeVar("View", bound=Callable[..., Any])


def required(view: View) -> View:
    """Decorate a view that only users who are logged in may see; others are sent to the login, and back."""
    return requires()(view)


def requires(
    name: str | None = None, *, acr_values: str | None = None, max_age: int | None = None
) -> Callable[[View], View]:
    """Decorate a view, plain or async, that needs a login with a provider, of a kind, or of an age (RFC 9470).

    Args:
        name: the provider; None for any.
        acr_values: words, of which the `acr` of the login has to be one.
        max_age: seconds since the user really logged in.
    """

    def refusal(request: HttpRequest, record: Any) -> HttpResponse | None:
        answer = logins().admit(web_request(request), record, name, acr_values=acr_values, max_age=max_age)
        return None if answer is None else as_response(answer)

    def decorate(view: View) -> View:
        guarded: Any
        if iscoroutinefunction(view):

            @functools.wraps(view)
            async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                answer = refusal(request, await login_of(request).arecord())
                return await view(request, *args, **kwargs) if answer is None else answer
        else:

            @functools.wraps(view)
            def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                answer = refusal(request, login_of(request).record)
                return view(request, *args, **kwargs) if answer is None else answer

        return guarded  # type: ignore[no-any-return]

    return decorate


@csrf_exempt  # callbacks and logout tokens are posted by the provider, and say themselves what they belong to
@transaction.non_atomic_requests
def route(request: HttpRequest, action: str, name: str | None = None) -> HttpResponse:
    """Answer a login, a callback, or a logout that comes from the provider."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    if action not in ACTIONS:
        return HttpResponse("There is nothing here.", status=404)
    site = logins()
    runner: Any = site.client_of(name) or SyncRunner()
    asked = web_request(request, has_form=True)
    name = next(iter(site.providers)) if name is None else name
    response = as_response(runner._drive(site.route(asked, name, action)))  # noqa: SLF001
    response.xframe_options_exempt = action == "frontchannel-logout"  # providers open it in a frame
    return response


@transaction.non_atomic_requests
def log_out(request: HttpRequest) -> HttpResponse:
    """End the login and Django's session: a POST with Django's CSRF token."""
    site, login = logins(), login_of(request)
    if request.method != "POST":
        return HttpResponse("POST is needed.", status=405, headers={"Allow": "POST"})
    runner: Any = site.client_of(None if login.user is None else login.user.provider)
    answer: WebResponse = runner._drive(site.route(web_request(request, has_form=True), None, "logout"))  # noqa: SLF001
    if answer.status < 400:  # noqa: PLR2004  the first error
        login.forget()
        if hasattr(request, "session"):
            logout(request)
    return as_response(answer)


# Django's LoginRequiredMiddleware leaves these alone: they are the way to log in.
route.login_required = log_out.login_required = False


def as_response(answer: WebResponse) -> HttpResponse:
    """Return what the site answers as a response of Django."""
    response = HttpResponse(answer.body, status=answer.status)
    for name, value in answer.all_headers():
        if name != "Set-Cookie":
            response[name] = value
    for cookie in answer.cookies:
        response.set_cookie(
            cookie.name,
            cookie.value or "",
            max_age=0 if cookie.value is None else cookie.max_age,
            secure=cookie.secure,
            httponly=True,
            samesite=cookie.same_site,
        )
    return response


__all__ = ["log_out", "required", "requires", "route"]

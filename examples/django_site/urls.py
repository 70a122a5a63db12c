"""The routes and views."""  # noqa: INP001

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import include, path

from requests_oauth2client.django import required

HOME = """<p>Hello, {}.<p><a href="/profile">Your profile</a><form method=post action="/auth/logout">
<input type=hidden name=csrfmiddlewaretoken value={}><button>Log out</button></form>"""


def home(request: HttpRequest) -> HttpResponse:
    """Greet."""
    user = request.login.user
    return HttpResponse(HOME.format(user.subject, get_token(request)) if user else '<a href="/profile">Log in</a>')


@required
def profile(request: HttpRequest) -> HttpResponse:
    """Call an API."""
    api = request.login.api(settings.OAUTH2_LOGINS["main"]["issuer"])  # its userinfo endpoint stands for your API
    return JsonResponse(api.get("userinfo").json() | {"username": request.user.get_username()})


urlpatterns = [path("", home), path("profile", profile), path("auth/", include("requests_oauth2client.django.urls"))]

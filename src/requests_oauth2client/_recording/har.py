"""A story as an HTTP Archive (HAR 1.2), which the developer tools of browsers open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .exchange import Exchange, Headers


def as_har(exchanges: Sequence[Exchange], version: str) -> str:
    """Return the archive as JSON. What HAR has no word for is in members that begin with `_`."""
    log = {
        "version": "1.2",
        "creator": {"name": "requests_oauth2client", "version": version},
        "pages": [],
        "entries": [_entry(one) for one in exchanges],
    }
    return json.dumps({"log": log}, ensure_ascii=False, indent=1)


def _entry(one: Exchange) -> dict[str, Any]:
    took = 0 if one.seconds is None else round(one.seconds * 1000, 3)
    entry: dict[str, Any] = {
        "startedDateTime": one.started_at.isoformat(timespec="milliseconds"),
        "time": took,
        "request": _request(one),
        "response": _response(one),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "_source": one.source,
        "_target": one.target,
        "_checks": [vars(check) for check in one.checks],
    }
    comment = "; ".join(filter(None, (one.note, one.error)))
    return {**entry, "comment": comment} if comment else entry


def _headers(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _header(headers: Headers, wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")


def _request(one: Exchange) -> dict[str, Any]:
    query = parse_qsl(urlsplit(one.url).query, keep_blank_values=True)
    request: dict[str, Any] = {
        "method": one.method or "GET",
        "url": one.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(one.request_headers),
        "queryString": [{"name": name, "value": value} for name, value in query],
        "headersSize": -1,
        "bodySize": len(one.request_body.encode()) if one.request_body else 0,
    }
    if one.request_body:
        kind = _header(one.request_headers, "content-type")
        request["postData"] = {"mimeType": kind, "params": [], "text": one.request_body}
    return request


def _response(one: Exchange) -> dict[str, Any]:
    text = one.response_body
    kind = _header(one.response_headers, "content-type") or "x-unknown"
    return {
        "status": one.status or 0,
        "statusText": one.reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(one.response_headers),
        "content": {"size": len(text.encode()), "mimeType": kind, "text": text},
        "redirectURL": _header(one.response_headers, "location"),
        "headersSize": -1,
        "bodySize": -1,
    }

"""What browsers are told about every answer."""

from __future__ import annotations

from flask import Flask, Response, request

POLICY = '; '.join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
"""Nothing from elsewhere, nothing written into a page: a title that got through as markup could do nothing."""


def tell(app: Flask) -> None:
    """Set the headers on all answers of the application that do not say otherwise."""
    app.after_request(_cautious)


def _cautious(response: Response) -> Response:
    response.headers.setdefault('Content-Security-Policy', POLICY)
    response.headers.setdefault('X-Content-Type-Options', 'nosniff')
    response.headers.setdefault('X-Frame-Options', 'SAMEORIGIN')
    response.headers.setdefault('Referrer-Policy', 'no-referrer')
    if request.endpoint != 'static':  # what is behind a login stays out of caches
        response.headers.setdefault('Cache-Control', 'no-store')
    return response

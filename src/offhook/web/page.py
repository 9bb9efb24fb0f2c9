"""How a page is made, and who may see it."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from offhook import __version__

from .desk import LOG_IN, PASSWORD, desk
from .navigation import SECTIONS
from .visitor import visitor

Handler = Callable[[Request], Awaitable[Response]]

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
    # The guard goes by the Referer where a browser says nothing better.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
MOST_FIELDS: Final = 2000

_templates: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page by its template, which finds the visitor as `who`, `csrf`, `sections` and the `phone`'s name
    besides `values`."""
    who = visitor(request)
    body = _templates.get_template(template).render(
        who=who,
        csrf=who.session.csrf if who.session else "",
        sections=SECTIONS,
        path=request.url.path,
        phone=_label(request),
        version=__version__,
        **values,
    )
    return HTMLResponse(body, status, HEADERS)


def needs_log_in(handler: Handler) -> Handler:
    """A page for those who have logged in; its forms bring the session's token."""

    @functools.wraps(handler)
    async def judged(request: Request) -> Response:
        who = visitor(request)
        if who.session is not None and who.must_change_password:
            return see(PASSWORD)
        if who.session is None:
            # A token is for programs: it has no form to be sent back with.
            return see(f"{LOG_IN}?next={quote(request.url.path, safe='/')}")
        try:
            if request.method == "POST" and not who.session.knows(str((await form(request)).get("csrf", ""))):
                raise HTTPException(
                    403, "this form does not belong to your log-in: open the page anew, and send it again"
                )
            return await handler(request)
        finally:
            # Files that came with it are open until then.
            await request.close()

    return judged


async def form(request: Request) -> FormData:
    """What was sent; the same however often it is asked for."""
    return await request.form(max_files=2, max_fields=MOST_FIELDS)


def see(path: str) -> RedirectResponse:
    """Another page, whatever was asked with (RFC 9110 §15.4.4)."""
    return RedirectResponse(path, 303, {"Cache-Control": "no-store"})


def _label(request: Request) -> str:
    accounts = desk(request).station.layers.settings.accounts
    first = next((each for _, each in sorted(accounts.items()) if each.enabled and each.user), None)
    return (first.display_name or first.user) if first else "no account"

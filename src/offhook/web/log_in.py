"""Log-in, log-out, and the change of the password."""

import asyncio
import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from offhook.flash.flash import NotSaved
from offhook.settings.password import matches, read_password

from .desk import LOG_IN, LOG_OUT, PASSWORD, desk
from .page import form, needs_log_in, page, see
from .visitor import visitor

_T = TypeVar("_T")

USER: Final = "admin"
FACTORY: Final = "admin"
MOST_WAITING: Final = 8
"""Log-ins whose password is being looked at: each takes 32 MiB, one at a time."""

GOOD_FOR: Final = 3600
"""Seconds that there are at least between the log-in page and its button."""

_SECRET: Final = secrets.token_bytes(32)
_hashing: Final = ThreadPoolExecutor(1, "password")
_waiting: Final[set[Future[Any]]] = set()


def routes() -> list[Route]:
    return [
        Route(LOG_IN, _log_in, methods=["GET", "POST"]),
        Route(LOG_OUT, _log_out, methods=["POST"]),
        Route(PASSWORD, _password, methods=["GET", "POST"]),
    ]


async def _log_in(request: Request) -> Response:
    phone, who = desk(request), visitor(request)
    given = await form(request) if request.method == "POST" else request.query_params
    wanted = _inside(str(given.get("next", "/")))

    def ask(status: int = 200, wrong: str = "", wait: int = 0) -> Response:
        response = page(
            request, "log_in.html", status, wrong=wrong, next=wanted, token=_token(who.address), here=who.here
        )
        if wait:
            response.headers["Retry-After"] = str(wait)
        return response

    if request.method == "GET":
        return see(wanted) if who.session else ask()
    if not _is_token(str(given.get("csrf", "")), who.address):
        return ask(403, "this page was open for long, or is not this phone's: please log in again")
    if wait := math.ceil(phone.tries.wait(who.address)):
        return ask(429, f"too many wrong passwords from {who.address}: wait {_seconds(wait)}", wait)
    if len(_waiting) >= MOST_WAITING:
        return ask(503, "too many log-ins at once: try again in a moment", 2)
    # Counted before it is looked at: many at once are many tries.
    phone.tries.wrong(who.address)
    kept = phone.web.password
    right = await _is(str(given.get("password", "")), kept)
    if not right or str(given.get("user", "")) != USER:
        return ask(401, "user name or password is wrong")
    phone.tries.right(who.address)
    session_id, _ = phone.sessions.begin(who.address, request.headers.get("user-agent", ""), kept)
    response = see(PASSWORD if not kept and not who.here else wanted)
    _give_cookie(request, response, session_id)
    return response


async def _log_out(request: Request) -> Response:
    session = visitor(request).session
    if session is not None:
        if not session.knows(str((await form(request)).get("csrf", ""))):
            raise HTTPException(
                403, "this form does not belong to your log-in: open a page anew, and log out there"
            )
        desk(request).sessions.end(session)
    response = see(LOG_IN)
    _give_cookie(request, response, "")
    return response


async def _password(request: Request) -> Response:
    """Also for those who have come in with the factory's password and get no further without a better one."""
    if not visitor(request).must_change_password:
        return await _change_password(request)
    session = visitor(request).session
    if request.method == "POST" and (
        session is None or not session.knows(str((await form(request)).get("csrf", "")))
    ):
        raise HTTPException(403, "this form does not belong to your log-in: open the page anew")
    return await _changed_password(request)


@needs_log_in
async def _change_password(request: Request) -> Response:
    return await _changed_password(request)


async def _changed_password(request: Request) -> Response:
    phone, who = desk(request), visitor(request)
    # Who came in with the factory's has just shown it.
    asks_old = not who.must_change_password

    def ask(status: int = 200, **wrong: str) -> Response:
        return page(request, "password.html", status, wrong=wrong, asks_old=asks_old)

    if request.method != "POST":
        return ask()
    given = await form(request)
    old, new, again = (str(given.get(name, "")) for name in ("old", "new", "again"))
    if asks_old:
        if wait := math.ceil(phone.tries.wait(who.address)):
            return ask(429, old=f"too many wrong passwords: wait {_seconds(wait)}")
        phone.tries.wrong(who.address)
        if not await _is(old, phone.web.password):
            return ask(422, old="this is not the password of now")
        phone.tries.right(who.address)
    if new != again:
        return ask(422, again="this differs from the new password")
    try:
        kept = await _hashed(read_password, new)
    except ValueError as reason:
        return ask(422, new=str(reason))
    try:
        await phone.station.change({"web.password": kept})
    except NotSaved as failure:
        return ask(503, new=f"not saved: {failure}")
    # Whoever has logged in with the old one is out; this browser goes on.
    session_id, _ = phone.sessions.begin(who.address, request.headers.get("user-agent", ""), kept)
    response = see("/")
    _give_cookie(request, response, session_id)
    return response


async def _is(password: str, kept: str) -> bool:
    if not kept:
        return hmac.compare_digest(password.encode("utf-8", "replace"), FACTORY.encode())
    return await _hashed(matches, password, kept)


async def _hashed(work: Callable[..., _T], *values: str) -> _T:
    """Away from the loop, and one at a time."""
    future = _hashing.submit(work, *values)
    _waiting.add(future)
    future.add_done_callback(_waiting.discard)
    return await asyncio.wrap_future(future)


def _token(address: str) -> str:
    """Of the log-in form, where there is no session yet: good for one address, and an hour at least."""
    return _sign(address, int(time.time()) // GOOD_FOR)


def _is_token(token: str, address: str) -> bool:
    now = int(time.time()) // GOOD_FOR
    return any(
        hmac.compare_digest(token.encode("utf-8", "replace"), _sign(address, period).encode())
        for period in (now, now - 1)
    )


def _sign(address: str, period: int) -> str:
    return hmac.new(_SECRET, f"{address} {period}".encode(), hashlib.sha256).hexdigest()


def _inside(path: str) -> str:
    """Where to go on to: a path of this phone and nothing else."""
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return (
        path
        if plain and not parts.scheme and not parts.netloc and parts.path not in {LOG_IN, LOG_OUT}
        else "/"
    )


def _seconds(wait: int) -> str:
    return "a second" if wait == 1 else f"{wait} seconds"


def _give_cookie(request: Request, response: Response, session_id: str) -> None:
    """None of `session_id` takes it away."""
    scheme = visitor(request).scheme
    response.set_cookie(
        desk(request).cookie(scheme),
        session_id,
        max_age=None if session_id else 0,
        secure=scheme == "https",
        httponly=True,
        samesite="strict",
    )

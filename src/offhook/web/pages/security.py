"""Security: the password, who has logged in, the tokens of the API, the certificate of https."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from offhook.data_folder import BadDataFolder
from offhook.flash.flash import NotSaved
from offhook.web import tokens
from offhook.web.desk import desk
from offhook.web.page import form, needs_log_in, page, see
from offhook.web.visitor import visitor
from offhook.web_certificate import BadCertificate, WebCertificate

from .site_map import SECURITY
from .status import Fact

PATH: Final = SECURITY.path
TOKENS: Final = "web.tokens"

SAID: Final = {
    "ended": "All others are logged out.",
    "revoked": "The token was revoked: nobody gets in with it any more.",
    "certificate": "New connections by https are shown this certificate from now on.",
}

Handler = Callable[[Request], Awaitable[Response]]


def routes() -> list[Route]:
    forms: Mapping[str, Handler] = {
        "sessions": _end_others,
        "token": _make_token,
        "revoke": _revoke,
        "certificate": _bring_certificate,
        "self-made": _use_self_made,
    }
    return [
        Route(PATH, needs_log_in(_security)),
        *(Route(f"/security/{name}", needs_log_in(each), methods=["POST"]) for name, each in forms.items()),
    ]


class SeenSession(NamedTuple):
    """`used` is how long ago, in minutes."""

    address: str
    agent: str
    used: int
    own: bool


async def _security(request: Request) -> Response:
    return await _show(request, said=SAID.get(request.query_params.get("said", ""), ""))


async def _show(
    request: Request,
    status: int = 200,
    *,
    said: str = "",
    wrong: Mapping[str, str] | None = None,
    made: str = "",
    name: str = "",
) -> Response:
    """`wrong` is by the field, empty for what is none's; `made` is a token, shown this once."""
    wrong = wrong or {}
    of = desk(request)
    certificate = of.station.web_certificate
    return page(
        request,
        "security.html",
        status,
        page=SECURITY,
        said=said,
        wrong=wrong,
        problems=[(field, LABELS[field], why) for field, why in wrong.items()],
        sessions=_sessions(request),
        tokens=[tokens.Token.of(each) for each in of.web.tokens],
        made=made,
        name=name,
        **await run_in_threadpool(_certificate, certificate),
    )


LABELS: Final = {"": "", "name": "Name of the program", "certificate": "Certificate"}


def _sessions(request: Request) -> list[SeenSession]:
    of, own = desk(request), visitor(request).session
    return [
        SeenSession(
            each.address, each.agent or "unknown", int(of.sessions.since(each.used) // 60), each is own
        )
        for each in reversed(of.sessions.living(of.web.password))
    ]


def _certificate(certificate: WebCertificate | None) -> dict[str, Any]:
    if certificate is None:
        return {"certificate": None, "own": False}
    try:
        shown = certificate.shown()
    except (BadDataFolder, ValueError) as failure:
        return {"certificate": [Fact("It cannot be read", str(failure))], "own": True}
    facts = [
        Fact("Whose", "Your own" if shown.own else "Made by the phone itself"),
        Fact("Subject", shown.subject),
        Fact("Issuer", shown.issuer),
        Fact("Names", ", ".join(shown.names)),
        Fact("Fingerprint (SHA-256)", shown.fingerprint),
        Fact("Valid until", f"{shown.until:%Y-%m-%d %H:%M} UTC"),
    ]
    return {"certificate": facts, "own": shown.own}


async def _end_others(request: Request) -> Response:
    desk(request).sessions.end_others(visitor(request).session)
    return see(f"{PATH}?said=ended")


# --- tokens


async def _make_token(request: Request) -> Response:
    """The answer itself shows it: no page that can be asked for again does."""
    of = desk(request)
    name = str((await form(request)).get("name", "")).strip()[:200]
    kept = [tokens.Token.of(each) for each in of.web.tokens]
    try:
        token, new = tokens.make(name, datetime.now(UTC))
        if any(each.name == new.name for each in kept):
            raise ValueError("there is a token of this name; revoke it first, or take another name")  # noqa: TRY301
        if len(kept) >= tokens.MOST:
            raise ValueError(f"there are {tokens.MOST} tokens already; revoke one first")  # noqa: TRY301
        await of.station.change({TOKENS: [*map(str, kept), str(new)]})
    except ValueError as why:
        return await _show(request, 422, wrong={"name": str(why)}, name=name)
    except NotSaved as failure:
        return await _show(request, 503, wrong={"": f"it could not be saved: {failure}"}, name=name)
    return await _show(request, made=token, name=new.name)


async def _revoke(request: Request) -> Response:
    of = desk(request)
    gone = str((await form(request)).get("token", ""))
    left = [each for each in of.web.tokens if tokens.Token.of(each).hash != gone]
    try:
        await of.station.change({TOKENS: left})
    except NotSaved as failure:
        return await _show(request, 503, wrong={"": f"it could not be saved: {failure}"})
    return see(f"{PATH}?said=revoked")


# --- the certificate


async def _bring_certificate(request: Request) -> Response:
    certificate = desk(request).station.web_certificate
    if certificate is None:
        return see(PATH)
    given = await form(request)
    parts = [given.get("certificate"), given.get("key")]
    pem = b"\n".join([await each.read() for each in parts if isinstance(each, UploadFile)])
    if not pem.strip():
        return await _show(request, 422, wrong={"certificate": "choose a file first"})
    try:
        await run_in_threadpool(certificate.use, pem)
    except BadCertificate as why:
        return await _show(request, 422, wrong={"certificate": str(why)})
    except BadDataFolder as failure:
        return await _show(request, 503, wrong={"": f"it could not be saved: {failure}"})
    return see(f"{PATH}?said=certificate")


async def _use_self_made(request: Request) -> Response:
    certificate = desk(request).station.web_certificate
    if certificate is None:
        return see(PATH)
    try:
        await run_in_threadpool(certificate.use_self_made)
    except BadDataFolder as failure:
        return await _show(request, 503, wrong={"": f"it could not be saved: {failure}"})
    return see(f"{PATH}?said=certificate")

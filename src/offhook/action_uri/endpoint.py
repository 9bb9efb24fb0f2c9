"""`/fcgi/do`: a request that passed the guard becomes an event of the phone, and its reply an HTTP answer."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from offhook.phone.events import Function, MakeCall, Perform
from offhook.phone.reply import Reply, Verdict

from .access import Admission, foreign
from .answer_line import answer_line
from .confirmation import NEEDS_YES, Confirmation
from .grammar import ActionEvent, parse
from .http import Header, HttpRequest, HttpResponse
from .parameters import NotUnderstood, from_form, from_query
from .provenance import Provenance, is_prefetch

_log = logging.getLogger(__name__)

METHODS = ("GET", "HEAD", "POST")

STATUS = {
    Verdict.DONE: 200,
    Verdict.UNDER_WAY: 202,
    Verdict.INVALID: 400,
    Verdict.NOT_NOW: 409,
    Verdict.NOT_SAVED: 507,
    Verdict.BOOTING: 503,
}

RETRY_AFTER: Header = (b"retry-after", b"2")

_FORM = b"application/x-www-form-urlencoded"


class Phone(Protocol):
    def press(self, event: ActionEvent) -> Reply | Awaitable[Reply]:
        """Let the event happen; an awaitable reply is one that takes time to come about."""


class Endpoint:
    """The Action URI of one phone."""

    def __init__(self, phone: Phone, clock: Callable[[], float] = time.monotonic) -> None:
        self._phone = phone
        self._confirmation = Confirmation(clock)

    def answer(
        self, request: HttpRequest, admission: Admission, *, confirm_page: bool = True
    ) -> HttpResponse | Awaitable[HttpResponse]:
        """Never raises: what fails inside the phone is logged and a 500."""
        try:
            reply = self._press(request, admission, confirm_page)
        except Exception:  # noqa: BLE001 - logged; one request must not end the way in for all others
            reply = _failed(request)
        if isinstance(reply, Reply):
            reply = _spoken(request, reply)
        if isinstance(reply, HttpResponse):
            reply.headers.extend(admission.cors)
            return reply
        return _in_time(request, admission, reply)

    def _press(
        self, request: HttpRequest, admission: Admission, confirm_page: bool
    ) -> HttpResponse | Reply | Awaitable[Reply]:
        if request.method not in METHODS:
            text = f"{request.method[:20]} is not used here; GET, HEAD and POST are"
            return answer_line(request, 405, text, (b"allow", ", ".join(METHODS).encode()))
        if is_prefetch(request):
            return answer_line(
                request, 403, "this is a prefetch: the phone acts only when the page is really asked for"
            )
        try:
            parameters = _parameters(request)
            event = parse(parameters)
        except NotUnderstood as reason:
            return answer_line(request, 400, str(reason))
        if admission.provenance is Provenance.CLICKED and not isinstance(event, MakeCall):
            return foreign(request)
        if isinstance(event, Perform):
            if event.function is Function.RESET and admission.provenance is Provenance.TRUSTED:
                return answer_line(
                    request, 403, "a web page of another origin may do everything but Reset, trusted or not"
                )
            if confirm_page and admission.provenance is Provenance.UNTOLD and event.function in NEEDS_YES:
                token = parameters.get("confirm") if request.method == "POST" else None
                if not self._confirmation.confirms(token, event.function, request.peer):
                    return self._confirmation.page(event.function, request.peer)
        if request.method == "HEAD":
            return answer_line(request, 200, "understood; HEAD never acts")
        return self._phone.press(event)


def _parameters(request: HttpRequest) -> dict[str, str]:
    """Of the query, or of a POST's form: not of both.

    :raises NotUnderstood:
    """
    parameters = from_query(request.query) if request.query else {}
    if request.method != "POST" or not request.body:
        return parameters
    if request.fields.get(b"content-type", b"").partition(b";")[0].strip().lower() != _FORM:
        raise NotUnderstood(
            f"a POST carries a form ({_FORM.decode()}), or nothing and its parameters in the query"
        )
    form = from_form(request.body)
    if parameters and form:
        raise NotUnderstood("parameters both in the query and in the form: only in one of them")
    return form or parameters


def _spoken(request: HttpRequest, reply: Reply) -> HttpResponse:
    extra = (RETRY_AFTER,) if reply.verdict is Verdict.BOOTING else ()
    return answer_line(request, STATUS[reply.verdict], reply.text, *extra)


async def _in_time(request: HttpRequest, admission: Admission, reply: Awaitable[Reply]) -> HttpResponse:
    try:
        response = _spoken(request, await reply)
    except Exception:  # noqa: BLE001 - as above
        response = _failed(request)
    response.headers.extend(admission.cors)
    return response


def _failed(request: HttpRequest) -> HttpResponse:
    _log.exception("the phone failed on %s %s", request.method, request.path)
    return answer_line(request, 500, "the phone failed on this; its log says where")

"""One operation of the API: who may ask for it, and what is looked at before its body is read."""

from collections.abc import Callable, Coroutine, Mapping
from enum import Enum
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from offhook.web.visitor import WANTED, Visitor, visitor

from .answer import STATUS, Answer, Refusal, Refused, Result

LONGEST_BODY: Final = 64 * 1024
JSON: Final = frozenset({"application/json"})
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="offhook"'}

ONCE: Final = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Whoever asks again because the answer got lost gives both requests the same one: "
            "the second presses nothing, and gets the answer of the first.",
            "schema": {"type": "string", "maxLength": 100},
        }
    ]
}
"""What `web/once.py` looks at."""

WHEN: Final[Mapping[Result, str]] = {
    Result.DONE: "Done.",
    Result.UNDER_WAY: "A call whose next hop takes longer than two seconds to find or reach.",
    Result.INVALID: "The body is no JSON, or what it asks for cannot work.",
    Result.NOT_LOGGED_IN: "It needs a log-in, or a token.",
    Result.NOT_ALLOWED: "The request comes from a web page of another origin, or through a proxy or by a "
    "host name that the settings do not name; or the password is still the factory's.",
    Result.NOT_FOUND: "There is none of that name.",
    Result.NOT_NOW: "Understood, but not possible now.",
    Result.EXISTS: "There is one of that name already.",
    Result.TOO_LARGE: "The body is too large.",
    Result.WRONG_TYPE: "The body is not of a media type that is read here.",
    Result.WRONG_VALUE: "A value is wrong; nothing was changed.",
    Result.FULL: "As many look on as may.",
    Result.BOOTING: "The phone is booting: ask again after `Retry-After` seconds.",
    Result.NOT_SAVED: "It could not be saved, for the disk is full, say.",
}


class Needs(Enum):
    """What a visitor must have: the right to press keys, as an address on the list has it, or a log-in."""

    KEYS = "keys"
    LOG_IN = "log-in"

    @property
    def security(self) -> list[dict[str, list[str]]]:
        logged_in: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
        return [{}, *logged_in] if self is Needs.KEYS else logged_in


class Operation(APIRoute):
    """`results` are those that are peculiar to it; those that come with what it needs and reads are added.

    `reads` are the media types of its body, of `longest` bytes at most.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        needs: Needs = Needs.LOG_IN,
        reads: frozenset[str] | None = None,
        longest: int = LONGEST_BODY,
        answers: type | None = Answer,
        results: tuple[Result, ...] = (),
        responses: Mapping[int | str, dict[str, Any]] | None = None,
        openapi_extra: Mapping[str, Any] | None = None,
        method: str = "GET",
        **more: Any,
    ) -> None:
        self._needs = needs
        self._reads = reads
        self._longest = longest
        may = [Result.NOT_LOGGED_IN, Result.NOT_ALLOWED, Result.BOOTING, *results]
        if method != "GET":
            may += [Result.WRONG_TYPE]
        if reads is not None:
            may += [Result.TOO_LARGE, Result.WRONG_VALUE]
        if reads == JSON:
            may += [Result.INVALID]
        done: dict[int | str, dict[str, Any]] = (
            {} if answers is None else {200: {"model": answers, "description": "Done."}}
        )
        super().__init__(
            path,
            endpoint,
            methods=[method],
            response_class=Response,
            # What is answered is described by `responses`; FastAPI is not to make it.
            response_model=None,
            responses={**done, **refusals(may), **(responses or {})},
            openapi_extra={"security": needs.security, **(openapi_extra or {})},
            **more,
        )

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def judged(request: Request) -> Response:
            who = visitor(request)
            admit(who, self._needs)
            self._judge_type(request, who)
            if self._reads is not None:
                # Here, for FastAPI calls everything that goes wrong while it reads bad JSON.
                request = _Bounded(request, self._longest)
                await request.body()
            return await handle(request)

        return judged

    def _judge_type(self, request: Request, who: Visitor) -> None:
        """A form, and what a script may send to anywhere without being asked, change nothing (Fetch,
        "CORS-safelisted request-header")."""
        if request.method in {"GET", "HEAD"}:
            return
        reads = self._reads or JSON
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
        by_cookie = who.session is not None and who.token is None and request.method == "POST"
        if (media_type or has_body or by_cookie) and media_type not in reads:
            raise Refused(
                Result.WRONG_TYPE,
                f"Content-Type {media_type[:60] or 'none'} is not read here; {' or '.join(sorted(reads))} is",
            )


def admit(who: Visitor, needs: Needs) -> None:
    """Raises Refused."""
    if who.logged_in or (needs is Needs.KEYS and who.listed):
        return
    if who.must_change_password:
        raise Refused(
            Result.NOT_ALLOWED,
            "change the password first, at /password: from elsewhere the factory's opens nothing",
        )
    raise Refused(Result.NOT_LOGGED_IN, WANTED, headers=CHALLENGE)


def refusals(results: list[Result]) -> dict[int | str, dict[str, Any]]:
    """As OpenAPI describes them, by status."""
    described: dict[int | str, dict[str, Any]] = {}
    for result in results:
        status = STATUS[result]
        before = described.get(status, {}).get("description", "")
        described[status] = {
            "model": Answer if status < 300 else Refusal,
            "description": f"{before} {WHEN[result]}".strip(),
        }
        if result is Result.BOOTING:
            described[status]["headers"] = {
                "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}, "required": True}
            }
        if result is Result.NOT_LOGGED_IN:
            described[status]["headers"] = {
                "WWW-Authenticate": {"schema": {"type": "string"}, "required": True}
            }
    return described


class _Bounded(Request):
    """Reads no more of a body than it may have."""

    def __init__(self, request: Request, longest: int) -> None:
        super().__init__(request.scope, request.receive)
        self._longest = longest

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            read = bytearray()
            if int(self.headers.get("content-length", "0")) > self._longest:
                self._refuse()
            async for chunk in self.stream():
                read += chunk
                if len(read) > self._longest:
                    self._refuse()
            self._body = bytes(read)
        return self._body

    def _refuse(self) -> None:
        raise Refused(
            Result.TOO_LARGE,
            f"the body is too large: at most {self._longest // 1024} KiB",
            headers={"Connection": "close"},
        )

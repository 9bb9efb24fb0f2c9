"""What the API says to whoever asked: one form for all that is done, and for all that is not."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from offhook.phone.reply import Reply, Verdict

NOT_STORED: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
RETRY: Final = {"Retry-After": "2"}


class Result(StrEnum):
    """What became of it, as one word for a program; the text says it to a person."""

    DONE = "done"
    UNDER_WAY = "under_way"
    INVALID = "invalid"
    NOT_LOGGED_IN = "not_logged_in"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    WRONG_METHOD = "wrong_method"
    NOT_NOW = "not_now"
    EXISTS = "exists"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    WRONG_VALUE = "wrong_value"
    FAILED = "failed"
    FULL = "full"
    BOOTING = "booting"
    NOT_SAVED = "not_saved"


STATUS: Final[Mapping[Result, int]] = {
    Result.DONE: 200,
    Result.UNDER_WAY: 202,
    Result.INVALID: 400,
    Result.NOT_LOGGED_IN: 401,
    Result.NOT_ALLOWED: 403,
    Result.NOT_FOUND: 404,
    Result.WRONG_METHOD: 405,
    Result.NOT_NOW: 409,
    Result.EXISTS: 409,
    Result.TOO_LARGE: 413,
    Result.WRONG_TYPE: 415,
    Result.WRONG_VALUE: 422,
    Result.FAILED: 500,
    Result.BOOTING: 503,
    Result.FULL: 503,
    Result.NOT_SAVED: 507,
}
OF_STATUS: Final[Mapping[int, Result]] = {status: result for result, status in reversed([*STATUS.items()])}
_OF_VERDICT: Final[Mapping[Verdict, Result]] = {
    Verdict.DONE: Result.DONE,
    Verdict.UNDER_WAY: Result.UNDER_WAY,
    Verdict.INVALID: Result.INVALID,
    Verdict.NOT_NOW: Result.NOT_NOW,
    Verdict.NOT_SAVED: Result.NOT_SAVED,
    Verdict.BOOTING: Result.BOOTING,
}


class Answer(BaseModel):
    """What is answered, whatever became of it."""

    result: Result
    text: str = Field(description="One line for a person.")


class Refusal(Answer):
    wrong: dict[str, str] | None = Field(
        default=None, description="What is wrong, by the name of the value; absent where no value is."
    )


class Refused(Exception):
    """Ends what is asked with an answer."""

    def __init__(
        self,
        result: Result,
        text: str,
        wrong: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.result = result
        self.wrong = wrong
        self.headers = headers or {}

    def answer(self) -> Response:
        more: dict[str, Any] = {"wrong": dict(self.wrong)} if self.wrong else {}
        return answer(self.result, str(self), headers=self.headers, **more)


_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Json(Response):
    media_type = "application/json"

    def __init__(
        self, content: object, status_code: int = 200, headers: Mapping[str, str] = NOT_STORED
    ) -> None:
        super().__init__(content, status_code, headers)

    def render(self, content: object) -> bytes:
        # JSON can name half of a surrogate pair, UTF-8 cannot, and what a request said may come back.
        return _JSON.encode(content).encode("utf-8", "replace")


def answer(
    result: Result,
    text: str,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Json:
    """`more` stands beside result and text."""
    retry = RETRY if result is Result.BOOTING else {}
    all_headers = {**NOT_STORED, **retry, **(headers or {})}
    return Json({"result": result, "text": text, **more}, status or STATUS[result], all_headers)


def spoken(reply: Reply, **more: Any) -> Json:
    """What the phone says, with the status that the Action URI gives it."""
    return answer(_OF_VERDICT[reply.verdict], reply.text, **more)


def booting(why: Exception) -> Json:
    return answer(Result.BOOTING, f"{why}: try again in a moment")

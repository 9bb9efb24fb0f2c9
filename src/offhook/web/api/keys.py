"""Keys, one after the other, as fingers press them."""

from typing import Annotated, Any, Final

from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from offhook.action_uri.grammar import parse
from offhook.action_uri.parameters import LONGEST, NotUnderstood
from offhook.phone.events import Key
from offhook.phone.reply import Reply, Verdict
from offhook.web.desk import desk

from .answer import Answer, Result, answer, spoken
from .operation import JSON, ONCE, Needs, Operation
from .press import press

MOST_KEYS: Final = 100
_GOES_ON: Final = frozenset({Verdict.DONE, Verdict.UNDER_WAY})


def _one_of(names: list[str]) -> dict[str, Any]:
    return {"enum": names}


class Press(BaseModel):
    """A key that goes down, or the handset that is put back: one of the two."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"minProperties": 1, "maxProperties": 1, "examples": [{"down": "OK"}]},
    )

    down: Annotated[str, Field(default="", max_length=LONGEST["keydown"], json_schema_extra=_one_of([*Key]))]
    up: Annotated[str, Field(default="", max_length=LONGEST["keyup"], json_schema_extra=_one_of([Key.HOOK]))]

    @model_validator(mode="after")
    def _is_one(self) -> "Press":
        if len(self.model_fields_set) != 1:
            raise ValueError('write {"down": KEY} or {"up": "Hook"}')
        return self

    @property
    def parameters(self) -> dict[str, str]:
        """As the Action URI has them."""
        return {f"key{way}": getattr(self, way) for way in self.model_fields_set}


class Keys(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"keys": [{"down": "1"}, {"down": "0"}, {"down": "OK"}]}]},
    )

    keys: list[Press] = Field(min_length=1, max_length=MOST_KEYS)


class Pressed(Answer):
    pressed: int = Field(description="How many keys were taken, before one was refused where one was.")


async def press_keys(wanted: Keys, request: Request) -> Response:
    """Presses keys in this order, and stops at the first that is refused. Where one of them is no key, none
    is pressed."""
    try:
        events = [parse(each.parameters) for each in wanted.keys]
    except NotUnderstood as why:
        return answer(Result.INVALID, str(why), pressed=0)
    reply = Reply(Verdict.DONE, "")
    for pressed, event in enumerate(events):
        reply = await press(desk(request).station, event)
        if reply.verdict not in _GOES_ON:
            return spoken(reply, pressed=pressed + (reply.verdict is Verdict.NOT_SAVED))
    return spoken(reply, pressed=len(events))


def routes() -> list[APIRoute]:
    return [
        Operation(
            "/keys",
            press_keys,
            method="POST",
            needs=Needs.KEYS,
            reads=JSON,
            openapi_extra=ONCE,
            answers=Pressed,
            results=(Result.UNDER_WAY, Result.NOT_NOW, Result.NOT_SAVED),
            summary="Press keys",
            tags=["Keys and functions"],
        )
    ]

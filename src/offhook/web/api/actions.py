"""Functions by the names of the Action URI."""

from typing import Annotated, Final

from fastapi import Body, Path
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from offhook.action_uri.access import Admission
from offhook.action_uri.grammar import TAKES_CALL, parse
from offhook.action_uri.parameters import LONGEST, NotUnderstood
from offhook.action_uri.provenance import Provenance
from offhook.phone.events import Function
from offhook.web.desk import desk

from .answer import Refused, Result, spoken
from .operation import JSON, ONCE, Needs, Operation
from .press import press

MAKE_CALL: Final = "MakeCall"
NAMES: Final = (MAKE_CALL, *Function)
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$"


class Parameters(BaseModel):
    """Of a function that takes any. Those that are left out are not given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"number": "1002"}]})

    number: str = Field(
        default="",
        max_length=LONGEST["number"],
        pattern=_PRINTABLE,
        description="Whom `MakeCall` calls: a number, a SIP URI, `user@host`, an IP address.",
    )
    line: str = Field(
        default="",
        max_length=LONGEST["line"],
        pattern=_PRINTABLE,
        description="The user name, or user@host, of the account that `MakeCall` calls from.",
    )
    line_id: int = Field(
        default=0,
        alias="lineID",
        ge=0,
        lt=10 ** LONGEST["lineID"],
        strict=True,
        description="The number of that account, from 1; 0 leaves it to the phone. Not together with `line`.",
    )
    call: str = Field(
        default="",
        max_length=LONGEST["call"],
        pattern=_PRINTABLE,
        description=f"The id of the call that is meant, for {', '.join(sorted(TAKES_CALL))}.",
    )

    @property
    def given(self) -> dict[str, str]:
        """As the Action URI has them."""
        return {
            name: str(value) for name, value in self.model_dump(by_alias=True, exclude_unset=True).items()
        }


async def perform(
    action: Annotated[str, Path(json_schema_extra={"enum": [*NAMES]}, examples=[MAKE_CALL])],
    request: Request,
    parameters: Annotated[Parameters | None, Body()] = None,
) -> Response:
    """Does what `/fcgi/do?action=` does."""
    if action not in NAMES:
        meant = next((name for name in NAMES if name.lower() == action.lower()), None)
        hint = f"{meant} is: letter case counts" if meant else f"there is {' '.join(NAMES)}"
        raise Refused(Result.NOT_FOUND, f"that is no function; {hint}")
    given = parameters.given if parameters else {}
    if action == MAKE_CALL and "number" not in given:
        raise Refused(Result.INVALID, 'MakeCall needs a number, such as {"number": "1002"}')
    admission: Admission = request.scope["admission"]
    if action == Function.RESET and admission.provenance is Provenance.TRUSTED:
        raise Refused(
            Result.NOT_ALLOWED, "a web page of another origin may do everything but Reset, trusted or not"
        )
    try:
        event = parse({"action": action, **given})
    except NotUnderstood as why:
        raise Refused(Result.INVALID, str(why)) from None
    return spoken(await press(desk(request).station, event))


def routes() -> list[APIRoute]:
    return [
        Operation(
            "/actions/{action}",
            perform,
            method="POST",
            needs=Needs.KEYS,
            reads=JSON,
            openapi_extra=ONCE,
            results=(Result.UNDER_WAY, Result.NOT_FOUND, Result.NOT_NOW, Result.NOT_SAVED),
            summary="Perform a function",
            tags=["Keys and functions"],
        )
    ]

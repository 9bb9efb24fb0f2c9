"""The stream of events as OpenAPI describes it; FastAPI has no part in answering it."""

from typing import Any, Final

from .answer import Result
from .operation import Needs, refusals

_ANSWERS = refusals([Result.NOT_LOGGED_IN, Result.NOT_ALLOWED, Result.BOOTING, Result.FULL])
_REFUSAL: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
_EXAMPLE: Final = """\
event: snapshot
id: 17
data: {"number": 17, "state": {"hook": "on", "dnd": false}}

event: happened
id: 18
data: {"number": 18, "event": "dnd_on"}

event: state
id: 19
data: {"number": 19, "changed": {"dnd": true}}
"""

PATHS: Final[dict[str, Any]] = {
    "/events": {
        "get": {
            "tags": ["State"],
            "summary": "Events",
            "description": "Server-sent events, numbered in order: a `snapshot` with the whole `state`, then "
            "`state` with the names of it that `changed`, and `happened` with what Action URLs are told of. "
            "The clock of a call comes each second. Who does not keep up gets a new snapshot instead of what "
            "was missed; while the phone boots there is `booting`.",
            "operationId": "events",
            "responses": {
                "200": {
                    "description": "Until one of both hangs up.",
                    "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
                },
                **{
                    str(status): {
                        **{name: each for name, each in answer.items() if name != "model"},
                        "content": _REFUSAL,
                    }
                    for status, answer in _ANSWERS.items()
                },
            },
            "security": Needs.KEYS.security,
        }
    }
}

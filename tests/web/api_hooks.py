"""What Schemathesis is not to try: what would lock it out, or send the phone away while it asks on."""

from typing import Any

import schemathesis

AWAY = frozenset({"Reboot", "Reset"})
LOCKS = ("access.", "web.")


@schemathesis.hook
def before_call(_context: Any, case: Any, _arguments: Any) -> None:
    """What is asked twice under one key is answered once, whatever else it says."""
    (case.headers or {}).pop("Idempotency-Key", None)


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    path, query, body = case.path_parameters or {}, case.query or {}, case.body
    named = query.get("name", [])
    names = [path.get("name", ""), *(named if isinstance(named, list) else [named])]
    names += body if isinstance(body, dict) else []
    return path.get("action") not in AWAY and not any(str(name).startswith(LOCKS) for name in names)

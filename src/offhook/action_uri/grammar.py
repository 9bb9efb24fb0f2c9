"""The vendor's URL grammar: parameters in, an event of the phone out.

Three forms, exactly one to a request: `keydown=KEY`, `keyup=Hook`, `action=FUNCTION`. Values are
exact, letter case included. What may be dialled, and which accounts and calls there are, the phone
knows; here lengths are bounded.
"""

import re
from collections.abc import Mapping
from typing import NoReturn

from offhook.phone.events import Function, Key, KeyDown, KeyUp, MakeCall, Perform

from .answer_line import quoted
from .parameters import NotUnderstood

ActionEvent = KeyDown | KeyUp | MakeCall | Perform

FORMS = ("keydown", "keyup", "action")

TAKES_CALL = frozenset(
    {Function.CALL_END, Function.HOLD, Function.UNHOLD, Function.ANSWER, Function.REJECT, Function.TRANSFER}
)
"""`call=` names one call by its id for these. Elsewhere it is refused: to pass it over would act on
another call."""

_KEY_DOWN = {key.value: KeyDown(key) for key in Key}
_KEY_UP = {Key.HOOK.value: KeyUp(Key.HOOK)}
_PERFORM = {function.value: Perform(function) for function in Function}
_MAKE_CALL = "MakeCall"
_FUNCTIONS = (_MAKE_CALL, *_PERFORM)

_OTHER_NAMES = {"#": Key.POUND.value}

_LINE_ID = re.compile(r"[0-9]+", re.ASCII)


def parse(parameters: Mapping[str, str]) -> ActionEvent:
    """:raises NotUnderstood:"""
    forms = [form for form in FORMS if form in parameters]
    if len(forms) != 1:
        raise NotUnderstood(
            f"{' and '.join(forms)} in one request: only one of them at a time"
            if forms
            else "nothing to do: say keydown=KEY, keyup=Hook or action=FUNCTION, such as /fcgi/do?keydown=OK"
        )
    form = forms[0]
    value = parameters[form]
    if form == "action":
        return _action(value, parameters)
    if "call" in parameters:
        raise _no_call_taken(f"{form}={value}")
    if form == "keydown":
        return _KEY_DOWN.get(value) or _unknown(value, "key", tuple(_KEY_DOWN))
    return _KEY_UP.get(value) or _unknown(value, "key that can be put back", tuple(_KEY_UP))


def _action(value: str, parameters: Mapping[str, str]) -> MakeCall | Perform:
    if value not in _FUNCTIONS:
        _unknown(value, "function", _FUNCTIONS)
    call = parameters.get("call")
    if call is None:
        return _make_call(parameters) if value == _MAKE_CALL else _PERFORM[value]
    if value != _MAKE_CALL and _PERFORM[value].function in TAKES_CALL:
        return Perform(_PERFORM[value].function, call)
    raise _no_call_taken(f"action={value}")


def _make_call(parameters: Mapping[str, str]) -> MakeCall:
    if "number" not in parameters:
        raise NotUnderstood("MakeCall needs a number, such as /fcgi/do?action=MakeCall&number=1002")
    line, line_id = parameters.get("line"), parameters.get("lineID")
    if line is not None and line_id is not None:
        raise NotUnderstood("MakeCall takes line or lineID, not both")
    if line_id is not None and not _LINE_ID.fullmatch(line_id):
        raise NotUnderstood(
            f"lineID is an account's number, counted from 1, or 0 for any: {quoted(line_id)} is not"
        )
    return MakeCall(parameters["number"], line, None if line_id is None else int(line_id))


def _no_call_taken(what: str) -> NotUnderstood:
    return NotUnderstood(f"{quoted(what)} takes no call=; {', '.join(sorted(TAKES_CALL))} do")


def _unknown(value: str, kind: str, known: tuple[str, ...]) -> NoReturn:
    """:raises NotUnderstood: always, offering the value that differs only in case."""
    for meant in known:
        if meant.lower() == value.lower():
            raise NotUnderstood(f"{quoted(value)} is no {kind}, {meant} is: letter case counts")
    if _OTHER_NAMES.get(value) in known:
        raise NotUnderstood(f"{quoted(value)} is called {_OTHER_NAMES[value]} here")
    raise NotUnderstood(f"{quoted(value)} is no {kind}; there is {' '.join(known)}")

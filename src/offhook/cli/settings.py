"""`offhook settings`: what a phone has saved, read and changed without the phone running.

Whoever has locked themselves out, with an Allowed Access IP List or a password, gets in again this way.
"""

import json
import sys
from typing import Annotated

from cyclopts import App, Parameter

from offhook.cli.failed import Failed, Misused
from offhook.cli.saved import Data, Phone, change, memory_of
from offhook.settings.phone_settings import NAMES, BadSettings, describe, shown

app = App(
    name="settings",
    help="""Read and change what a phone has saved, while it does not run.

    A setting is changed for good: it goes before the option that the phone is started with.
    """,
)

Name = Annotated[str, Parameter(help="Names of settings, such as calls.reject_code.")]


@app.command
def get(*names: Name, data: Data = None, phone: Phone = "phone") -> None:
    """Print what is saved: of these names, or all of it. Secrets are not shown."""
    for name in names:
        _check(name)
    memory = memory_of(data, phone)
    for name, value in memory.layers.user.items():
        if not names or name in names:
            print(f"{name} = {json.dumps(shown(name, value), ensure_ascii=False)}")
    missing = [name for name in names if name not in memory.layers.user]
    if missing:
        raise Failed(f"not saved: {', '.join(missing)}; the option of the start counts, or what is built in")


@app.command(name="set")
def set_(
    *values: Annotated[str, Parameter(help="NAME=VALUE; with - as VALUE it is read from standard input.")],
    data: Data = None,
    phone: Phone = "phone",
) -> None:
    """Save settings, all of them or, where one is wrong, none."""
    changes: dict[str, object] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals:
            raise Misused(f"{name} has no value; write {name}=VALUE")
        changes[name] = sys.stdin.readline().rstrip("\n") if value == "-" else value
    change(data, phone, lambda memory: memory.change(changes))


@app.command
def unset(*names: Name, data: Data = None, phone: Phone = "phone") -> None:
    """Forget what was saved of these, so that the option of the start counts again."""
    for name in names:
        _check(name)
    change(data, phone, lambda memory: memory.unset(names))


@app.command
def reset(data: Data = None, phone: Phone = "phone") -> None:
    """Forget everything that was saved: settings, password, calls, phone book."""
    change(data, phone, lambda memory: memory.reset())


@app.command(name="list")
def list_() -> None:
    """Print every setting there is, and what it means."""
    for name in NAMES:
        field = describe(name).field
        print(f"{name:<32} {'. '.join(filter(None, (field.title, field.description)))}")


def _check(name: str) -> None:
    try:
        describe(name)
    except BadSettings as bad:
        raise Misused(str(bad)) from None

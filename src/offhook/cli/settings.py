"""`offhook settings`: what a phone has saved, read and changed without the phone running.

Whoever has locked themselves out, with an Allowed Access IP List or a password, gets in again this way.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from offhook.cli.failed import Failed, Misused
from offhook.data_folder import BadDataFolder, default_data_folder, held
from offhook.flash.flash import FILE_NAME, Flash, NotSaved
from offhook.memory import Memory
from offhook.settings.phone_settings import NAMES, BadSettings, describe, shown

app = App(
    name="settings",
    help="""Read and change what a phone has saved, while it does not run.

    A setting is changed for good: it goes before the option that the phone is started with.
    """,
)

Data = Annotated[Path | None, Parameter(name="--data", help="Folder of the phone, or of the farm.")]
Phone = Annotated[str, Parameter(name="--phone", help="Extension of the phone, in a farm.")]
Name = Annotated[str, Parameter(help="Names of settings, such as calls.reject_code.")]


@app.command
def get(*names: Name, data: Data = None, phone: Phone = "phone") -> None:
    """Print what is saved: of these names, or all of it. Secrets are not shown."""
    for name in names:
        _check(name)
    memory = saved(folder_of(data), phone)
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
    _change(data, phone, lambda memory: memory.change(changes))


@app.command
def unset(*names: Name, data: Data = None, phone: Phone = "phone") -> None:
    """Forget what was saved of these, so that the option of the start counts again."""
    for name in names:
        _check(name)
    _change(data, phone, lambda memory: memory.unset(names))


@app.command
def reset(data: Data = None, phone: Phone = "phone") -> None:
    """Forget everything that was saved: settings, password, calls, phone book."""
    _change(data, phone, lambda memory: memory.reset())


@app.command(name="list")
def list_() -> None:
    """Print every setting there is, and what it means."""
    for name in NAMES:
        field = describe(name).field
        print(f"{name:<32} {'. '.join(filter(None, (field.title, field.description)))}")


def _change(data: Path | None, phone: str, change: Callable[[Memory], Awaitable[None]]) -> None:
    folder = folder_of(data)
    with _told(folder), held(folder):
        memory = asyncio.run(_changed(folder, phone, change))
    for name, why in memory.left_out.items():
        print(f"Note: {name} means nothing any more ({why}).")


async def _changed(folder: Path, phone: str, change: Callable[[Memory], Awaitable[None]]) -> Memory:
    flash = Flash(folder / FILE_NAME)
    try:
        memory = Memory(flash, phone, {})
        await change(memory)
    finally:
        await flash.close()
    return memory


def saved(folder: Path, phone: str) -> Memory:
    with _told(folder):
        if not (folder / FILE_NAME).exists():
            raise Failed(f"{folder}: no phone has saved anything here; --data DIR names another folder")
        return Memory(Flash(folder / FILE_NAME), phone, {})


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What goes wrong becomes one line for the person."""
    try:
        yield
    except BadSettings as bad:
        raise Misused(str(bad)) from None
    except BadDataFolder as bad:
        raise Failed(str(bad)) from None
    except NotSaved as failure:
        raise Failed(f"{folder}: not saved: {failure}") from None


def folder_of(data: Path | None) -> Path:
    return (data or default_data_folder()).expanduser()


def _check(name: str) -> None:
    try:
        describe(name)
    except BadSettings as bad:
        raise Misused(str(bad)) from None

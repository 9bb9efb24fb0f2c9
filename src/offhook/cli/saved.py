"""What a phone has saved, for commands that read and change it while the phone does not run."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from offhook.cli.failed import Failed, Misused
from offhook.data_folder import BadDataFolder, HeldByAnother, default_data_folder, held
from offhook.flash.flash import FILE_NAME, Flash, NotSaved
from offhook.memory import Memory
from offhook.settings.phone_settings import BadSettings

Data = Annotated[Path | None, Parameter(name="--data", help="Folder of the phone, or of the farm.")]
Phone = Annotated[str, Parameter(name="--phone", help="Extension of the phone, in a farm.")]


def change(data: Path | None, phone: str, wish: Callable[[Memory], Awaitable[None]]) -> None:
    """Raises Failed and Misused."""
    folder = _folder(data)
    with _told(folder), held(folder):
        memory = asyncio.run(_changed(folder, phone, wish))
    for name, why in memory.left_out.items():
        print(f"Note: {name} means nothing any more ({why}).")


def memory_of(data: Path | None, phone: str) -> Memory:
    """To be read, beside a phone that runs too. Raises Failed."""
    folder = _folder(data)
    with _told(folder):
        if not (folder / FILE_NAME).exists():
            raise Failed(f"{folder}: no phone has saved anything here; --data DIR names another folder")
        with ExitStack() as stack:
            try:
                stack.enter_context(held(folder))
            except HeldByAnother:
                return Memory(Flash(folder / FILE_NAME, only_read=True), phone, {})
            return Memory(_opened(folder), phone, {})


async def _changed(folder: Path, phone: str, wish: Callable[[Memory], Awaitable[None]]) -> Memory:
    flash = _opened(folder)
    try:
        memory = Memory(flash, phone, {})
        await wish(memory)
    finally:
        await flash.close()
    return memory


def _opened(folder: Path) -> Flash:
    flash = Flash(folder / FILE_NAME)
    if flash.set_aside is not None:
        aside = flash.set_aside.name
        print(f"offhook: {flash.file} was damaged: kept as {aside}; nothing is saved now", file=sys.stderr)
    return flash


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


def _folder(data: Path | None) -> Path:
    return (data or default_data_folder()).expanduser()

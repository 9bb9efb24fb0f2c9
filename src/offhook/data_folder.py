"""The folder that holds what a phone keeps: its MAC address, its certificate."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import platformdirs


class BadDataFolder(OSError):
    """One line that names the path, what is wrong with it, and the option that names another."""

    def __init__(self, path: Path, wrong: OSError | str) -> None:
        why = wrong if isinstance(wrong, str) else wrong.strerror or wrong
        super().__init__(f"{path}: {why}; --data DIR names another folder")


class HeldByAnother(BadDataFolder):
    """An offhook that runs has it."""


def default_data_folder() -> Path:
    """The platform's own place for a user's data, such as ~/.local/share/offhook."""
    return platformdirs.user_data_path("offhook", appauthor=False)


def make_data_folder(folder: Path) -> None:
    """Make the folder, for this user's eyes only, unless it is there. Raises BadDataFolder."""
    new = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        # A folder that somebody else owns, or that is read-only, is told of now and not at the first save.
        with tempfile.TemporaryFile(dir=folder):
            pass
        for made in new:
            # In a folder that may not be listed, such as /home often is, nothing can be opened to sync it.
            with suppress(PermissionError):
                sync_folder(made.parent)
    except (FileExistsError, NotADirectoryError):
        raise BadDataFolder(folder, "this is not a folder") from None
    except OSError as error:
        raise BadDataFolder(folder, error) from None


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder, and keep it from other phones: two would be one MAC address in two places.

    What holds it is a lock on an open file, which ends with its process however that ends. Raises
    HeldByAnother, and BadDataFolder for all else.
    """
    make_data_folder(folder)
    with ExitStack() as stack:
        try:
            lock = stack.enter_context((folder / "lock").open("a+b", buffering=0))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(OSError):
                # The lock is what counts: on a full disk it does not say whose it is.
                lock.truncate(0)
                lock.write(b"%d\n" % os.getpid())
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read(10).strip()
            who = f"process {int(pid)}" if pid.isdigit() else "in a process that does not say which"
            raise HeldByAnother(folder, f"another offhook has this folder, {who}") from None
        except OSError as error:
            raise BadDataFolder(folder, error) from None
        yield


def read_text(file: Path) -> str:
    """What a file of the data folder holds; bytes that are no UTF-8 come as U+FFFD.

    Raises FileNotFoundError, and BadDataFolder for whatever else is wrong.
    """
    try:
        return file.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadDataFolder(file, error) from None


def write_atomically(file: Path, content: bytes, *, mode: int) -> None:
    """Put a file in place whole or not at all, a power cut at any moment included. Raises BadDataFolder."""
    try:
        # mkstemp makes it 0600, so that a key is nobody else's at any moment.
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(mode)
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(file.parent)
    except OSError as error:
        raise BadDataFolder(file, error) from None


def sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut, where the platform lets a folder be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

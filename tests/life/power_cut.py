"""A disk that can be cut off: what SQLite writes in this process, and what of it a power cut would leave.

SQLite reaches the system through a table of functions, its VFS. Here a function of that table is followed
for each file: what was written and not yet synced lies in the machine's memory, and whether a sector of it
is on the disk when the power goes is a matter of luck. Nothing is needed that a machine could forbid.
"""

import _sqlite3
import ctypes
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""

_OK = 0

_open_type = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)
_delete_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
_close_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_write_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_truncate_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_sync_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class _Vfs(ctypes.Structure):
    """The beginning of `sqlite3_vfs`."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("size_of_file", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("app_data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("delete", ctypes.c_void_p),
    )


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods`, version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close", ctypes.c_void_p),
        ("read", ctypes.c_void_p),
        ("write", ctypes.c_void_p),
        ("truncate", ctypes.c_void_p),
        ("sync", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 13),
    )


class _File(ctypes.Structure):
    _fields_ = (("methods", ctypes.POINTER(_Methods)),)


class _Written(NamedTuple):
    """`data` is None where the file was cut off at `at`."""

    at: int
    data: bytes | None


def _apply(content: bytearray, each: _Written) -> None:
    if each.data is None:
        del content[each.at :]
        return
    content.extend(bytes(max(0, each.at - len(content))))
    content[each.at : each.at + len(each.data)] = each.data


class _Platter:
    """One file: what is on the disk for sure, and what may be."""

    def __init__(self, content: bytes) -> None:
        self.sure = bytearray(content)
        self.unsynced: list[_Written] = []

    def sync(self) -> None:
        for each in self.unsynced:
            _apply(self.sure, each)
        self.unsynced.clear()

    def after_a_cut(self, luck: random.Random) -> bytes:
        content = bytearray(self.sure)
        chance = luck.choice((0.0, 0.5, 0.9, 1.0))
        for each in self.unsynced:
            parts = [each]
            if each.data is not None:
                starts = range(0, len(each.data), SECTOR)
                parts = [_Written(each.at + start, each.data[start : start + SECTOR]) for start in starts]
            for part in parts:
                if luck.random() < chance:
                    _apply(content, part)
        return bytes(content)


class Disk:
    """What SQLite does to the files of `folder`, while `followed`.

    `on_step` is called before each write, sync and deletion, in the thread that does it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _Platter] = {}
        self.on_step: Callable[[], object] = lambda: None

    def image(self, luck: random.Random) -> dict[str, bytes]:
        """The files as a power cut right now would leave them, by name."""
        return {
            Path(path).name: platter.after_a_cut(luck)
            for path, platter in self._files.items()
            # The index of the log lives in memory, and is made again.
            if not path.endswith("-shm")
        }

    # --- what SQLite did

    def opened(self, path: str) -> None:
        if path.startswith(f"{self._folder}/") and path not in self._files:
            self._files[path] = _Platter(Path(path).read_bytes())

    def wrote(self, path: str, written: _Written) -> None:
        if path in self._files:
            self.on_step()
            self._files[path].unsynced.append(written)

    def synced(self, path: str) -> None:
        if path in self._files:
            self.on_step()
            self._files[path].sync()

    def deleted(self, path: str) -> None:
        if path in self._files:
            self.on_step()
            del self._files[path]

    @contextmanager
    def followed(self) -> Iterator[Self]:
        """Connections that are opened within must be closed within."""
        # The symbols of SQLite are found through the module that is linked with it.
        library = ctypes.CDLL(_sqlite3.__file__)
        find = library.sqlite3_vfs_find
        find.restype, find.argtypes = ctypes.POINTER(_Vfs), [ctypes.c_char_p]
        vfs = find(None).contents
        before = vfs.open, vfs.delete
        hooks = _Hooks(self, *before)
        vfs.open, vfs.delete = hooks.open_pointer, hooks.delete_pointer
        try:
            yield self
        finally:
            vfs.open, vfs.delete = before


class _Hooks:
    """Functions of C that tell the disk and have SQLite's own do the work."""

    def __init__(self, disk: Disk, own_open: int, own_delete: int) -> None:
        self._disk = disk
        self._paths: dict[int, str] = {}
        self._tables: dict[int, _Methods] = {}
        self._kept: list[Any] = []
        """Python forgets what only C points to."""
        self._open = _open_type(own_open)
        self._delete = _delete_type(own_delete)
        self.open_pointer = self._pointer(_open_type(self._on_open))
        self.delete_pointer = self._pointer(_delete_type(self._on_delete))

    def _pointer(self, function: Any) -> int:
        self._kept.append(function)
        pointer = ctypes.cast(function, ctypes.c_void_p).value
        assert pointer is not None
        return pointer

    def _on_open(self, vfs: int, name: bytes | None, file: int, flags: int, flags_out: int | None) -> int:
        status = self._open(vfs, name, file, flags, flags_out)
        if status == _OK and name is not None:
            opened = _File.from_address(file)
            if opened.methods:
                self._disk.opened(name.decode())
                self._paths[file] = name.decode()
                opened.methods = ctypes.pointer(self._table(opened.methods))
        return status

    def _on_delete(self, vfs: int, name: bytes, sync_folder: int) -> int:
        self._disk.deleted(name.decode())
        return self._delete(vfs, name, sync_folder)

    def _table(self, own: Any) -> _Methods:
        address = ctypes.addressof(own.contents)
        if address in self._tables:
            return self._tables[address]
        table = _Methods.from_buffer_copy(own.contents)
        close, write = _close_type(table.close), _write_type(table.write)
        truncate, sync = _truncate_type(table.truncate), _sync_type(table.sync)

        def on_close(file: int) -> int:
            self._paths.pop(file, None)
            return close(file)

        def on_write(file: int, data: int, size: int, at: int) -> int:
            self._disk.wrote(self._paths.get(file, ""), _Written(at, ctypes.string_at(data, size)))
            return write(file, data, size, at)

        def on_truncate(file: int, size: int) -> int:
            self._disk.wrote(self._paths.get(file, ""), _Written(size, None))
            return truncate(file, size)

        def on_sync(file: int, flags: int) -> int:
            status = sync(file, flags)
            if status == _OK:
                self._disk.synced(self._paths.get(file, ""))
            return status

        table.close = self._pointer(_close_type(on_close))
        table.write = self._pointer(_write_type(on_write))
        table.truncate = self._pointer(_truncate_type(on_truncate))
        table.sync = self._pointer(_sync_type(on_sync))
        self._tables[address] = table
        self._tables[ctypes.addressof(table)] = table
        return table

"""Debian's libopus, or whatever the system calls it."""

import ctypes
from functools import cache
from typing import Final

_NAMES: Final = ("libopus.so.0", "libopus.0.dylib", "/opt/homebrew/lib/libopus.0.dylib", "opus.dll")

MISSING: Final = "Opus needs the library libopus (on Debian and Ubuntu: apt install libopus0)"


@cache
def libopus() -> ctypes.CDLL | None:
    """None where it is not installed."""
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        pointer, integer = ctypes.c_void_p, ctypes.c_int
        for function, result, arguments in (
            ("opus_encoder_create", pointer, (ctypes.c_int32, integer, integer, pointer)),
            ("opus_encoder_destroy", None, (pointer,)),
            # What follows the request is variadic, and passed in another way on some machines.
            ("opus_encoder_ctl", integer, (pointer, integer)),
            ("opus_encode", ctypes.c_int32, (pointer, pointer, integer, pointer, ctypes.c_int32)),
            ("opus_decoder_create", pointer, (ctypes.c_int32, integer, pointer)),
            ("opus_decoder_destroy", None, (pointer,)),
            ("opus_decode", integer, (pointer, pointer, ctypes.c_int32, pointer, integer, integer)),
        ):
            bound = getattr(library, function)
            bound.restype, bound.argtypes = result, arguments
        return library
    return None

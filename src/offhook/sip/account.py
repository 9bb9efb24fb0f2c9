"""An address of record and how it is reached (RFC 3261 §10)."""

from dataclasses import dataclass, field
from typing import Literal

from .hop import Transport

Srtp = Literal["no", "optional", "required"]


@dataclass(frozen=True, slots=True)
class Account:
    """`id` counts from 1. `host` and `port` are the registrar and the domain of what is dialled.

    `register` false: nothing is registered, numbers go to `host` all the same. The password appears neither
    in `repr` nor in `str`.
    """

    id: int
    user: str
    host: str
    port: int | None = None
    transport: Transport = "UDP"
    password: str = field(default="", repr=False)
    auth_name: str = ""
    display_name: str = ""
    register: bool = True
    srtp: Srtp = "no"

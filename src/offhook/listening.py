"""Where a started phone is reached."""

from typing import NamedTuple


class Listening(NamedTuple):
    """`web` are URLs without a path that can be opened, such as http://127.0.0.1:8080, HTTP before HTTPS.

    `sip` is HOST:PORT where SIP listens, `sip_told` what others are told, `sip_tls` where it
    listens for TLS. The ports are those that the
    system gave where a free one was asked for. `user` is the name of the first account, None without
    accounts.
    """

    user: str | None
    web: tuple[str, ...]
    sip: str
    sip_told: str
    sip_tls: str | None = None

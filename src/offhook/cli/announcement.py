"""What a start prints: where each phone listens, and what to try first."""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from offhook.listening import Listening

_ROWS: Final = 12
"""A farm of more phones is printed as its first and its last."""


def of_run(phones: Sequence[Listening]) -> Iterator[str]:
    (phone,) = phones
    who = f" is {phone.user}" if phone.user else ""
    yield f"The phone{who}: press its keys at {' and '.join(f'{url}/fcgi/do' for url in phone.web)}"
    yield f"SIP: {_sip(phone)}"
    if phone.sip_tls:
        yield f"SIP over TLS: {phone.sip_tls}"
    yield f"Its state: {phone.web[0]}/api/v1/state"


def of_farm(phones: Sequence[Listening]) -> Iterator[str]:
    shown = list(phones)
    if len(shown) > _ROWS:
        shown = [*shown[:3], *shown[-1:]]
    yield f"{len(phones)} phones run:" if len(phones) > 1 else "One phone runs:"
    width = max(len(phone.user or "") for phone in shown)
    for number, phone in enumerate(shown):
        if number and len(shown) < len(phones) and phone is shown[-1]:
            yield f"  … {len(phones) - len(shown)} more"
        yield f"  {phone.user or '':<{width}}  {'  '.join(phone.web)}  sip {_sip(phone)}"
    yield ""
    if len(phones) > 1:
        first, second = phones[:2]
        yield f"Make {first.user} ring {second.user}, and {second.user} answer:"
        yield f"  curl '{first.web[0]}/fcgi/do?action=MakeCall&number={quote(second.user or '')}'"
        yield f"  curl '{second.web[0]}/fcgi/do?keydown=OK'"
    else:
        yield "Hear yourself at *43:"
        yield f"  curl '{phones[0].web[0]}/fcgi/do?action=MakeCall&number=*43'"


def _sip(phone: Listening) -> str:
    told = "" if phone.sip_told == phone.sip else f" (others are told {phone.sip_told})"
    return phone.sip + told

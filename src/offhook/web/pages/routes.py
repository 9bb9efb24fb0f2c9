"""Which page is answered by what; `site_map` says what stands on them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from offhook.web.page import needs_log_in
from offhook.web.wording import VARIABLES

from . import phone_book, security, upgrade
from .account import account_page
from .call_feature import call_feature
from .call_log import call_log
from .network import network
from .settings_form import plain_page
from .site_map import (
    ACCOUNT_ADVANCED,
    ACCOUNT_BASIC,
    ACTION_URL,
    CALL_FEATURE,
    CALL_LOG,
    DIAL_PLAN,
    NETWORK,
    PREFERENCE,
    SOUND,
    STATUS,
    Page,
)
from .status import status

ANSWERED_BY: Final[Mapping[Page, Callable[[Request], Awaitable[Response]]]] = {
    STATUS: status,
    ACCOUNT_BASIC: account_page(ACCOUNT_BASIC),
    ACCOUNT_ADVANCED: account_page(ACCOUNT_ADVANCED),
    NETWORK: network,
    PREFERENCE: plain_page(PREFERENCE),
    CALL_FEATURE: call_feature,
    SOUND: plain_page(SOUND),
    DIAL_PLAN: plain_page(DIAL_PLAN),
    ACTION_URL: plain_page(ACTION_URL, "action_url.html", variables=VARIABLES),
    CALL_LOG: call_log,
}


def routes() -> list[Route]:
    both = ["GET", "POST"]
    return [
        *(Route(page.path, needs_log_in(handler), methods=both) for page, handler in ANSWERED_BY.items()),
        *phone_book.routes(),
        *upgrade.routes(),
        *security.routes(),
    ]

"""Telling others what happens to one phone: Action URLs, and a webhook."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any, Final

from .delivery import DeliveryQueue, Letter
from .feed import Feed
from .happening import Happening
from .outgoing import Outgoing, Sender
from .variables import Identity, filled, variables
from .wanted import Wanted
from .webhook import SIGNATURE, as_json, body, signature

KINDS: Final = ("action_url", "webhook")


class Notifier:
    """`identity` is asked each time, for an address may change."""

    def __init__(self, feed: Feed, identity: Callable[[], Identity], sender: Callable[[], Sender]) -> None:
        self._feed = feed
        self._identity = identity
        self._sender = sender
        self._told = Wanted()
        self._listening = False
        self._queues: dict[str, DeliveryQueue] = {}

    def adopt(self, wanted: Wanted) -> None:
        """Go by this from now on. What waits for a URL that is set no more is not sent."""
        self._told = wanted
        listens = bool(wanted.webhook or any(wanted.urls.values()))
        if listens and not self._queues:
            # Whoever tells nobody needs no client, and whoever does needs it before there is a call.
            sender = self._sender()
            self._queues = {kind: DeliveryQueue(kind, sender, self._wanted) for kind in KINDS}
        if listens is not self._listening:
            self._listening = listens
            (self._feed.listen if listens else self._feed.unlisten)(self._hear)

    def state(self) -> dict[str, Any]:
        """`queued` is what waits, `dropped` what was given up because too much did."""
        queues = self._queues.values()
        return {
            "queued": sum(len(each) for each in queues),
            "dropped": sum(each.dropped for each in queues),
            "failures": {kind: self._queues[kind].last_failure if self._queues else None for kind in KINDS},
        }

    async def settle(self, patience: float) -> None:
        """Give what waits so many seconds."""
        await asyncio.gather(*(each.settle(patience) for each in self._queues.values()))

    async def close(self, patience: float) -> None:
        """As `settle`, and then no more."""
        self._feed.unlisten(self._hear)
        await asyncio.gather(*(each.close(patience) for each in self._queues.values()))

    def _hear(self, number: int, happening: Happening) -> None:
        told, identity = self._told, self._identity()
        if template := told.urls.get(happening.event):
            url = filled(template, variables(happening, identity))
            request = Outgoing(url, verify=told.verify)
            self._queues["action_url"].put(Letter(happening.event, template, request))
        if told.webhook:
            sent = body(as_json(number, secrets.token_hex(8), happening, identity))
            headers = [("Content-Type", "application/json")]
            if told.secret:
                headers.append((SIGNATURE, signature(told.secret, sent)))
            request = Outgoing(told.webhook, sent, tuple(headers), told.verify)
            self._queues["webhook"].put(Letter(happening.event, told.webhook, request))

    def _wanted(self, letter: Letter) -> bool:
        if letter.request.body is not None:
            return letter.template == self._told.webhook
        return letter.template == self._told.urls.get(letter.event)

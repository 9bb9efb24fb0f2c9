"""Who holds a call: each end by itself (RFC 3264 §8.4, RFC 6337 §5.3)."""

from dataclasses import dataclass

from .media import Direction

HELD = {
    Direction.SENDRECV: Direction.SENDONLY,
    Direction.SENDONLY: Direction.SENDONLY,
    Direction.RECVONLY: Direction.INACTIVE,
    Direction.INACTIVE: Direction.INACTIVE,
}
"""A direction, and what holding makes of it."""

SENDING = frozenset({Direction.SENDRECV, Direction.SENDONLY})


@dataclass(slots=True)
class Hold:
    here: bool = False
    there: bool = False

    def offered(self, own: Direction, here: bool) -> Direction:
        """What to offer; `own` is this end's direction when nobody holds.

        To resume, `own` is offered whole whatever the far end did last: its answer says what it does now,
        and a hold of its own that was only guessed at from an answer does not last for ever.
        """
        if here and self.there:
            return Direction.INACTIVE
        return HELD[own] if here else own

    def answered(self, own: Direction) -> Direction:
        """What an answer is made from. It can only narrow, so the far end's own hold shows by itself."""
        return HELD[own] if self.here else own

    def learn(self, ours: Direction, agreed: Direction, *, from_answer: bool) -> bool:
        """Whether the far end began or ceased to hold: it holds when it does not want what we would send.

        `ours` is what we offered or would have answered, `agreed` came of both. An answer to an offer that
        was `sendonly` tells little: some peers mirror a hold with `inactive` without holding themselves.
        """
        before = self.there
        if ours in SENDING and (agreed in SENDING or not from_answer or ours is Direction.SENDRECV):
            self.there = agreed not in SENDING
        return self.there is not before

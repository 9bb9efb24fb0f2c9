"""Which of the codecs that an account lists are here."""

from dataclasses import replace

from offhook.sip.account import Account
from offhook.sip.media import OPUS
from offhook.sound.opus_library import MISSING, libopus


def spoken_codecs(account: Account) -> tuple[str, ...]:
    """All but Opus where its library is missing, which may leave none at all."""
    # Looked for only where it is wanted: it is half a megabyte.
    if OPUS.name not in account.codecs or libopus():
        return account.codecs
    return tuple(name for name in account.codecs if name != OPUS.name)


def with_codecs_present(account: Account) -> Account:
    return replace(account, codecs=spoken_codecs(account))


def what_is_left_out(account: Account) -> str | None:
    """Of what the account lists, and why."""
    return None if spoken_codecs(account) == account.codecs else MISSING

"""Which codecs an account's calls are offered and answered with."""

from offhook.sip.account import USUAL_CODECS, Account
from offhook.sip.media import CODECS, OPUS, Codec
from offhook.sound.opus_library import MISSING, libopus


def spoken_codecs(account: Account | None) -> tuple[Codec, ...]:
    """Those of the account, or the usual ones, best first; Opus only where its library is installed."""
    names = account.codecs if account else USUAL_CODECS
    # Looked for only where it is wanted: it is half a megabyte.
    return tuple(CODECS[name] for name in names if name != OPUS.name or libopus())


def what_is_left_out(account: Account) -> str | None:
    """Of what the account lists, and why."""
    return MISSING if OPUS.name in account.codecs and libopus() is None else None

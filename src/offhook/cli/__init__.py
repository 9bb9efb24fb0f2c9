"""The command line. What a command needs is imported when that command runs, so that help comes at once."""

import re
import sys
from typing import Final

from offhook.cli.ending import ending

_FAILED: Final = 1
_MISUSED: Final = 2

# What is left over on a command line may be an account out of place, password and all.
_ACCOUNT: Final = re.compile(r"sips?:.*", re.IGNORECASE | re.DOTALL)


def main() -> None:
    """The `offhook` command. Exits 0 when all went well, 1 when it failed, 2 when it was asked wrongly.

    To end when a signal asks for it, at whatever moment, is to go well.
    """
    ending.listen()
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    from cyclopts import CycloptsError, UnusedCliTokensError

    from offhook.cli.app import app
    from offhook.cli.failed import Failed, Misused

    try:
        app(arguments, exit_on_error=False, print_error=False)
    except Failed as error:
        return _complain(str(error), _FAILED)
    except Misused as error:
        return _complain(str(error), _MISUSED)
    except UnusedCliTokensError as error:
        words = " ".join(error.unused_tokens or ())
        return _complain(f"no option takes these words: {_ACCOUNT.sub('sip:…', words)}", _MISUSED)
    except CycloptsError as error:
        return _complain(_ACCOUNT.sub("sip:…", str(error)), _MISUSED)
    return 0


def _complain(text: str, status: int) -> int:
    line = " ".join(text.split())
    print(f"offhook: {line}", file=sys.stderr)
    return status

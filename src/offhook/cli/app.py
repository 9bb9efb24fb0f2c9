"""The commands and their help."""

from cyclopts import App

from offhook import __version__

app = App(
    name="offhook",
    help="A SIP desk phone in software that a URL can drive the way a finger would.",
    version=__version__,
    result_action="return_value",
)
# By name, so that a command's own imports wait until it is called.
app.command(
    "offhook.cli.run:run",
    name="run",
    help="""Run one phone.

    Each option is a variable too (OFFHOOK_HTTP_PORT is --http-port), and a line of the --config file
    (http-port = 8080). A flag goes before a variable, a variable before the file.
    """,
)
app.command("offhook.cli.settings:app", name="settings")
app.command("offhook.cli.autop_export:autop_export", name="autop-export")
app.command("offhook.cli.phone_book:app", name="phone-book")
app.command(
    "offhook.cli.farm:farm",
    name="farm",
    help="""Run N phones that reach each other by extension, without a PBX.

    "offhook farm 3" runs 1001, 1002 and 1003, and prints where the keys of each are pressed, and a first call
    to try. Whoever calls *43 hears themselves.

    Each option is a variable too (OFFHOOK_HTTP_PORT is --http-port); a flag goes before it.
    """,
)

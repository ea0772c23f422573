"""The program `voyagent`, which runs an installation.

Its commands are `web`, the web server, and those of voyagent/cli.py. In a checkout
`python -m voyagent` is the same program.
"""

from __future__ import annotations

import gc
import os
import sys

import click
from flask import Flask
from flask.cli import FlaskGroup

from voyagent.kernel.program_files import FILES


def create_app() -> Flask:
    """Return the application for production.

    If a setting is invalid, a sentence is printed and the process exits with code 4. Without
    VOYAGENT_DB_URL an error is logged, and only the health check and static files work.
    """
    gc.disable()  # imports leave no garbage, and the collections took a seventh of the start
    from voyagent import factory  # noqa: PLC0415 - `voyagent web` does not need the application

    gc.freeze()
    gc.enable()
    from voyagent.kernel.config import load_settings  # noqa: PLC0415
    from voyagent.kernel.database.start_checks import configured_or_exit  # noqa: PLC0415

    with configured_or_exit():
        return factory.create_app(load_settings())


@click.command("web", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def web(options: tuple[str, ...]) -> None:
    """Run a web server until it receives SIGTERM. OPTIONS are those of gunicorn."""
    configuration = str(FILES / "gunicorn.conf.py")
    application = "voyagent.__main__:create_app()"
    os.execv(  # noqa: S606 - there is no shell to avoid
        sys.executable,
        [sys.executable, "-m", "gunicorn", "-c", configuration, *options, application],
    )


def main() -> None:
    """Run a command: `web`, or one of the commands in voyagent/cli.py."""
    program = FlaskGroup(
        create_app=create_app,
        add_default_commands=False,
        add_version_option=False,
        load_dotenv=False,
        set_debug_flag=False,
        help="The back office of a travel agency.",
    )
    program.params.clear()  # these options of `flask` choose another application
    program.add_command(web)
    program.main(prog_name="voyagent")


if __name__ == "__main__":
    main()

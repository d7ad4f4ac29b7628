"""The command line: parse, call, print."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line; exit status 0 only if the command did all of its work."""
    from polymodal.cli.app import app
    from polymodal.core.errors import Interrupted, PolymodalError
    from polymodal.core.printed.progress import complain, quiet

    try:
        with quiet(False):  # that a command is quiet ends with it
            app(args=arguments, prog_name="polymodal")
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
    except Interrupted as stop:  # on request, so it is not an error
        complain(str(stop))
        sys.exit(stop.exit_status)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (PolymodalError, OSError) as error:
        if os.environ.get("POLYMODAL_DEBUG"):
            raise
        complain(f"Error: {_line(error)}")
        sys.exit(getattr(error, "exit_status", 1))


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return str(error)

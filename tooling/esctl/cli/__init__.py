"""What a person types."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """The `esctl` command. Exit codes: 0 done; plan 2, 3, 4, 6; refused 5; any error, usage errors included, 1."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; no traceback for anything a person can cause."""
    import typer

    from .app import app

    command = typer.main.get_command(app)
    try:
        answer = command.main(
            args=list(arguments) if arguments is not None else None, prog_name="esctl", standalone_mode=False
        )
    except typer.Exit as ended:
        return ended.exit_code
    except (typer.Abort, KeyboardInterrupt):
        print("esctl: stopped", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): nothing is wrong, and nothing more can be said.
        sys.stderr.close()
        return 0
    except Exception as error:
        return _told(error, as_json="--json" in (sys.argv[1:] if arguments is None else arguments))
    return answer if isinstance(answer, int) else 0


def _told(error: Exception, *, as_json: bool) -> int:
    from ..errors import EsctlError, Refused

    if isinstance(error, EsctlError):
        if as_json:
            import json

            print(
                json.dumps(
                    {"problems": [problem.as_json() for problem in error.problems]}, ensure_ascii=False, indent=2
                )
            )
        for problem in error.problems:
            print(f"{'warning' if problem.severity == 'warning' else 'error'}: {problem}", file=sys.stderr)
        return 5 if isinstance(error, Refused) else 1
    # Typer 0.29 carries a Click of its own and calls its base TyperException; earlier ones use Click's.
    if hasattr(error, "format_message"):
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message(), file=sys.stderr)
            return 1
        context = getattr(error, "ctx", None)
        tail = f"; `{context.command_path} --help` shows what there is" if context is not None else ""
        print(f"error: {error.format_message().rstrip('.')}{tail}", file=sys.stderr)
        return 1
    import os

    if os.environ.get("ESCTL_TRACEBACK"):
        raise error
    print(f"error: {type(error).__name__}: {error} (a fault of esctl; ESCTL_TRACEBACK=1 shows where)", file=sys.stderr)
    return 1

"""What is typed and what is printed: every `transcripts/*.txt` is played against a sandbox of its own.

A transcript begins with `# project: NAME` (a folder below `projects/`, copied; none: an empty one). Lines after `$ `
are run by a shell, `esctl` in this process; what follows is the output (stdout, then stderr), and `[n]` an exit code
other than 0. ESCTL_UPDATE_TRANSCRIPTS=1 writes what was printed into the files, to be read before it is committed.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from esctl import cli

HERE = Path(__file__).parent
FILES = sorted((HERE / "transcripts").glob("*.txt"))


def steps(text: str) -> list[tuple[str, str]]:
    """(command, expected output) pairs."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]


def esctl(arguments: list[str]) -> str:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(arguments)
    return out.getvalue() + err.getvalue() + (f"[{code}]\n" if code else "")


def shell(command: str) -> str:
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    text = done.stdout + ("\n" if done.stdout and not done.stdout.endswith("\n") else "")
    return text + (f"[{done.returncode}]\n" if done.returncode else "")


def play(command: str) -> str:
    words = shlex.split(command) if f"{command} ".startswith("esctl ") and "|" not in command else []
    return esctl(words[1:]) if words else shell(command)


def settled(text: str, replaced: dict[str, str]) -> str:
    """What differs from run to run, named instead."""
    for value, name in replaced.items():
        text = text.replace(value, name)
    agrees = "the server's clock agrees with this machine's within 1 s"
    text = re.sub(r"the server's clock is \d+\.\d s (ahead|behind)", agrees, text)  # a busy machine
    text = re.sub(r"127\.0\.0\.1:\d{4,5}\b", "127.0.0.1:PORT", text)
    text = re.sub(r"\b\d+\.\d+ s\b", "N s", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "WHEN", text)
    text = re.sub(r'(pid"?:? )\d+', r"\1N", text)
    text = re.sub(r'("(?:seconds|run)"): [^,\n]+', r"\1: N", text)
    text = re.sub(r"\b\d{8}T\d{6}-(\d+-)?", "TIME-", text)  # archives
    text = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME", text)
    text = re.sub(r"\b[\w.-]+@[\w-][\w.-]*( ?) *", r"WHO@HOST\1", text)
    text = re.sub(r"^run  started \(UTC\).*", "run  started (UTC)  who  result  command", text, flags=re.MULTILINE)
    text = re.sub(r"free in \d+ s", "free in N s", text)
    text = re.sub(r"^→ .*\n", "", text, flags=re.MULTILINE)  # -v: kinds are read side by side, in any order
    return re.sub(r"\b\w+ on [\w.-]+ \(project", "WHO on HOST (project", text)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_transcript(path, fresh_sandbox, tmp_path, monkeypatch):
    text = path.read_text(encoding="utf-8")
    head = re.match(r"# project: (\S+)\n", text)
    folder = tmp_path / "project"
    folder.mkdir()
    if head:
        shutil.copytree(HERE / "projects" / head[1], folder, dirs_exist_ok=True)
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("ESCTL_") and name != "ESCTL_UPDATE_TRANSCRIPTS"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ESCTL_ELASTICSEARCH_URL", fresh_sandbox.elasticsearch_url)
    monkeypatch.setenv("ESCTL_KIBANA_URL", fresh_sandbox.kibana_url)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PYTHON", sys.executable)
    replaced = {
        fresh_sandbox.elasticsearch_url: "http://ELASTICSEARCH",
        fresh_sandbox.kibana_url: "http://KIBANA",
        str(folder): "DIR",
    }
    played = [(command, settled(play(command), replaced)) for command, _ in steps(text)]
    shown = re.split(r"^\$ ", text, maxsplit=1, flags=re.MULTILINE)[0] + "".join(f"$ {c}\n{o}" for c, o in played)
    if os.environ.get("ESCTL_UPDATE_TRANSCRIPTS"):
        path.write_text(shown, encoding="utf-8")
    assert shown == text


def test_every_command_has_a_transcript():
    """Each command of the tree is typed in at least one transcript."""
    import typer

    from esctl.cli.app import app

    def leaves(command, prefix):
        names = command.list_commands(None) if hasattr(command, "list_commands") else ()
        return [w for n in names for w in leaves(command.get_command(None, n), f"{prefix} {n}")] or [prefix]

    typed = [c for p in FILES for c, _ in steps(p.read_text(encoding="utf-8"))]
    missing = [
        c for c in leaves(typer.main.get_command(app), "esctl") if not any(re.search(rf"\b{c}\b", t) for t in typed)
    ]
    assert missing == []


def test_the_table_of_commands_is_true():
    """Each line of `esctl --help` says what the command's own help says, and no module has a command beside it."""
    import importlib

    import typer

    from esctl.cli.app import COMMANDS

    for module in {module for module, _ in COMMANDS.values()}:
        part = typer.Typer()
        importlib.import_module(f"esctl.cli.{module}").register(part)
        made = typer.main.get_group(part).commands
        assert set(made) == {name for name, (place, _) in COMMANDS.items() if place == module}
    assert all(len(line) <= 60 and line.endswith(".") for _, line in COMMANDS.values())

"""Who, where, which commit: tolerant of machines that cannot tell."""

from __future__ import annotations

import subprocess

from esctl.cluster.identity import commit, holder, who


def test_two_runs_differ():
    one, two = holder("shop"), holder("shop")
    assert one.run != two.run and one.who == two.who
    assert str(one) == f'{one.who} on {one.host} (project "shop", pid {one.pid})'
    assert who() == f"{one.who}@{one.host}"


def test_the_commit_of_a_repository(tmp_path):
    def git(*words):
        settings = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *settings, *words], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q")
    assert commit(tmp_path) == ""
    git("commit", "-q", "--allow-empty", "-m", "first")
    (tmp_path / "mappings").mkdir()
    assert commit(tmp_path) == commit(tmp_path / "mappings") == git("rev-parse", "HEAD")


def test_no_repository_no_folder_no_git(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit(tmp_path) == ""
    assert commit(tmp_path / "missing") == ""
    assert commit(tmp_path / "$(touch x); -C") == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(tmp_path) == ""


def test_a_user_without_a_name(monkeypatch):
    def nobody():
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert holder("p").who.startswith("uid ")

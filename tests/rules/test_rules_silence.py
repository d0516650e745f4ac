"""Comments that silence rules, through `esctl validate`; every problem is told in spite of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from esctl import cli
from esctl.kinds.rules.silence import silences

VECTOR = """\
kind: index{document}
id: images
spec:
  mappings:
    properties:
      vector: {{type: dense_vector, dims: 3}}{line}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "esctl.yaml").write_text("name: shop\nresources: [mappings]\n")
    (tmp_path / "mappings").mkdir()
    return tmp_path


def validated(project: Path, capsys: pytest.CaptureFixture[str], **files: str) -> tuple[int, list[str]]:
    for name, text in files.items():
        (project / "mappings" / name.replace("__", ".")).write_text(text)
    code = cli.run(["validate", "--project", str(project), "--json"])
    problems = json.loads(capsys.readouterr().out)["problems"]
    return code, [f"{p['file']}:{p['line']} {p['rule']}" for p in problems]


def test_told_without_a_comment(project, capsys):
    told = validated(project, capsys, a__yaml=VECTOR.format(document="", line=""))
    assert told == (0, ["mappings/a.yaml:6 vector-options"])


@pytest.mark.parametrize("where", ["line", "document"])
@pytest.mark.parametrize(
    "comment",
    ["# esctl: allow vector-options", "#esctl:allow vector-options", "# esctl: allow vector-options: as it was"],
)
def test_silenced_on_its_line_or_for_the_document(project, capsys, where, comment):
    written = {"line": "", "document": ""} | {where: f" {comment}"}
    assert validated(project, capsys, a__yaml=VECTOR.format(**written)) == (0, [])


def test_another_document_is_not_silenced(project, capsys):
    first = VECTOR.format(document=" # esctl: allow vector-options", line="")
    second = VECTOR.format(document="", line="").replace("images", "others")
    assert validated(project, capsys, a__yaml=f"{first}---\n{second}") == (0, ["mappings/a.yaml:13 vector-options"])


def test_several_rules_in_one_comment(project, capsys):
    text = "kind: index # esctl: allow bad-name, vector-options\nid: Images\nspec: {mappings: {properties: {v: {type: dense_vector}}}}\n"
    assert validated(project, capsys, a__yaml=text) == (0, [])


def test_an_error_can_be_silenced_and_a_misplaced_secret_cannot(project, capsys):
    text = 'kind: index\nid: a\nspec:\n  settings: {number_of_shard: 1} # esctl: allow unknown-setting\n  mappings: {_meta: {k: "${secret.env.K}"}} # esctl: allow misplaced-secret\n'
    code, told = validated(project, capsys, a__yaml=text)
    assert code == 1 and told == ["mappings/a.yaml:5 misplaced-secret", "mappings/a.yaml:5 unknown-rule"]


def test_a_secret_where_no_kind_expects_one_is_one_line(project, capsys):
    text = 'kind: data-view\nid: a\nspec: {title: "${secret.env.K}"}\n---\nkind: dashboard\nid: b\nspec: {title: t, panels: ["${secret.env.K}"]}\n'
    code, told = validated(project, capsys, a__yaml=text)
    assert code == 1 and {"mappings/a.yaml:3 misplaced-secret", "mappings/a.yaml:7 misplaced-secret"} <= set(told)


def test_unknown_rules_and_idle_comments_are_told(project, capsys):
    text = "# esctl: allow bad-name\nkind: index # esctl: allow vector-option\nid: a # esctl: allow bad-name\nspec: {} # esctl: allow\n"
    assert validated(project, capsys, a__yaml=text) == (
        0,
        [
            "mappings/a.yaml:1 idle-silence",
            "mappings/a.yaml:2 unknown-rule",
            "mappings/a.yaml:3 idle-silence",
            "mappings/a.yaml:4 unknown-rule",
        ],
    )


def test_a_comment_for_some_environments_only(project, capsys):
    text = "kind: index # esctl: allow bad-name, idle-silence\nid: a\nspec: {}\n"
    assert validated(project, capsys, a__yaml=text) == (0, [])


def test_a_document_out_of_scope_keeps_its_comments(project, capsys):
    text = "kind: index # esctl: allow bad-name\nid: A\nwhen: false\nspec: {}\n"
    assert validated(project, capsys, a__yaml=text)[1] == []


def test_text_that_looks_like_a_comment_is_none(project, capsys):
    text = "kind: index\nid: a\nspec:\n  mappings:\n    _meta:\n      note: |\n        x # esctl: allow bad-name\n      other: 'y # esctl: allow bad-name'\n"
    assert validated(project, capsys, a__yaml=text) == (0, [])


def test_json_in_yaml(project, capsys):
    text = '{"kind": "index", "id": "a", "spec": {"mappings": {"properties":\n  {"v": {"type": "dense_vector"}}}}} # esctl: allow vector-options\n'
    assert validated(project, capsys, a__yaml=text) == (0, [])


def test_the_line_of_a_template(project, capsys):
    template = (
        "{% for name in ['a', 'b'] %}\n---\nkind: index\nid: {{ name }}\nspec:\n  mappings:\n    properties:\n"
        "      v: {type: dense_vector}{COMMENT}\n{% endfor %}\n"
    )
    assert (
        validated(project, capsys, a__yaml__j2=template.replace("{COMMENT}", ""))[1]
        == ["mappings/a.yaml.j2:8 vector-options"] * 2
    )
    silenced = template.replace("{COMMENT}", " # esctl: allow vector-options")
    assert validated(project, capsys, a__yaml__j2=silenced) == (0, [])
    for_all = template.replace("{COMMENT}", "").replace("kind: index", "kind: index # esctl: allow vector-options")
    assert validated(project, capsys, a__yaml__j2=for_all) == (0, [])


def test_lines_are_those_of_the_text():
    (found,) = silences("a: 1\n\nb: 2  # esctl: allow bad-name ,vector-dims\n", "a.yaml")
    assert (found.source.line, found.rules, found.alone) == (3, ("bad-name", "vector-dims"), False)


def test_all_problems_are_told_in_spite_of_an_unknown_kind_and_a_broken_file(project, capsys):
    code, told = validated(
        project,
        capsys,
        a__yaml="kind: indx\nid: a\nspec: {}\n---\nkind: index\nid: B\nspec: {setings: {}}\n",
        b__yaml="kind: [\n",
        c__yaml="kind: index-template\nid: t\nspec: {index_patterns: [z-*], composed_of: [elsewhere]} # esctl: allow bad-name\n",
    )
    # What only looks as if it were missing is not told: the broken file may hold it.
    assert (code, told) == (
        1,
        [
            "mappings/a.yaml:1 None",
            "mappings/a.yaml:6 bad-name",
            "mappings/a.yaml:7 unknown-key",
            "mappings/b.yaml:2 None",
        ],
    )


def test_settings_that_cannot_be_read_are_one_document_too(project, capsys):
    (project / "esctl.yaml").write_text("nmae: shop\n")
    code = cli.run(["validate", "--project", str(project), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert code == 1 and answer["resources"] is None and answer["problems"]

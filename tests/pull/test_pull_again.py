"""Pulling into one's own emptied folder: the plan is clean at once, also where defaults were written in so many words."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pulling import Project

from esctl.sandbox.server import Sandbox

TEXT = """
kind: index
id: again
spec:
  settings: {number_of_replicas: 1, number_of_shards: 1, index.refresh_interval: 1s}
  mappings: {properties: {a: {type: keyword, index: true, doc_values: true}, t: {type: text, norms: true}}}
---
kind: ilm-policy
id: again
spec: {policy: {phases: {hot: {min_age: 0ms, actions: {}}, delete: {min_age: 1d, actions: {delete: {}}}}}}
---
kind: component-template
id: again
spec:
  template: {settings: {number_of_replicas: 1}, mappings: {properties: {a: {type: keyword, index: true}}}}
---
kind: data-stream-lifecycle
id: again-stream
spec: {enabled: true, data_retention: 7d}
---
kind: index-template
id: again
spec: {index_patterns: [again-stream], data_stream: {}, priority: 500}
---
kind: data-stream
id: again-stream
spec: {template: again, options: {failure_store: {enabled: true}}}
---
kind: cluster-settings
id: limits
spec: {persistent: {cluster.max_shards_per_node: 1000}}
---
kind: cluster-settings
id: loggers
spec: {persistent: {logger.a: info}}
---
kind: role
id: again
spec: {cluster: [monitor], indices: [{names: [again], privileges: [read], allow_restricted_indices: false}], run_as: []}
"""


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_an_emptied_folder_is_filled_again(tmp_path: Path, fresh_sandbox: Sandbox) -> None:
    place = Project(tmp_path / "p", fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url)
    place.write(TEXT)
    code, _, said = place.esctl("apply", "--yes")
    assert code == 0, said
    shutil.rmtree(place.root / "mappings")
    (place.root / "mappings").mkdir()
    code, said, more = place.esctl("pull")
    assert code == 0, said + more
    assert place.esctl("validate", files_only=True)[0] == 0
    code, said, _ = place.esctl("plan")
    assert (code, said) == (0, "Nothing to do: 9 clean.\n")
    files = place.files()
    assert "1000" in files["mappings/cluster-settings/limits.yaml"]
    assert "number_of_replicas" in files["mappings/index/again.yaml"]


def test_what_the_project_s_files_hold_is_in_no_other_group(tmp_path: Path, fresh_sandbox: Sandbox) -> None:
    place = Project(tmp_path / "p", fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url)
    place.write("kind: cluster-settings\nid: loggers\nspec: {persistent: {logger.a: info, logger.b: info}}\n")
    assert place.esctl("apply", "--yes")[0] == 0
    code, said, more = place.esctl("pull", "cluster-settings")
    assert code == 0 and "0 written" in said, said + more
    place.write("kind: cluster-settings\nid: loggers\nspec: {persistent: {logger.a: info}}\n")
    assert place.esctl("pull", "cluster-settings")[0] == 0
    assert "logger.b" in place.files()["mappings/cluster-settings/cluster.yaml"]
    assert place.esctl("validate", files_only=True)[0] == 0

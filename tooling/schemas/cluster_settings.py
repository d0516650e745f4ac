"""The names of the cluster's settings, for `esctl validate`: which a request changes, which stand in elasticsearch.yml.

    java -cp "9.5.3/*" tooling/schemas/ClusterSettings.java 9.5.3/elasticsearch*.jar 9.5.3/x-pack-*.jar > new.txt
    java -cp "8.19.21/*" tooling/schemas/ClusterSettings.java 8.19.21/elasticsearch*.jar … > old.txt
    python tooling/schemas/cluster_settings.py new.txt old.txt

writes tooling/esctl/kinds/data/cluster-settings.json: what either version declares and what cluster_settings.yaml adds.
Dynamic in one of them counts as dynamic. `*` stands for one part of a name, at the end for any number of them.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).absolute().parent
DATA = HERE.parent / "esctl" / "kinds" / "data" / "cluster-settings.json"
COMMENT = (
    "Names of settings that Elasticsearch 9.5.3 and 8.19.21 declare, read from their jars on Maven Central, and those"
    " of cluster_settings.yaml; made by tooling/schemas/cluster_settings.py."
)


def reduced(listings: list[str], additions: dict[str, list[str]]) -> dict[str, list[str]]:
    """`dynamic` and `static` names, sorted. What has no dot or is an index's is no setting of the cluster.

    A plain name that a dynamic pattern names too is a member of that family, and dynamic. A prefix (`logger.*`) is no
    family: there the plain name is what Elasticsearch goes by.
    """
    pairs = [line.rsplit(" ", 1) for listing in listings for line in listing.splitlines() if line]
    pairs += [[name, kind] for kind in ("dynamic", "static") for name in additions[kind]]
    taken = [(name, kind) for name, kind in pairs if "." in name and not name.startswith("index.")]
    dynamic = {name for name, kind in taken if kind == "dynamic"}
    patterns = [re.compile(r"[^.]+".join(map(re.escape, name.split("*")))) for name in dynamic if ".*." in name]
    static = {name for name, _ in taken if not any(pattern.fullmatch(name) for pattern in patterns)} - dynamic
    return {"dynamic": sorted(dynamic), "static": sorted(static)}


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    more = yaml.safe_load((HERE / "cluster_settings.yaml").read_text(encoding="utf-8"))
    found = reduced([Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]], more)
    DATA.write_text(json.dumps({"$comment": COMMENT, **found}, indent=0) + "\n", encoding="utf-8")
    print(f"{DATA.name}: {len(found['dynamic'])} dynamic, {len(found['static'])} static")

"""The forms of Elasticsearch that the sandbox takes: what differs between 9.5 and 8.19, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Version:
    """One released server. `created` is the value of `index.version.created`."""

    number: str
    lucene: str
    wire: str
    index: str
    created: str
    compatible: tuple[int, ...]
    """Majors accepted in `compatible-with=`."""
    excludes_vectors: bool
    """dense_vector is left out of `_source` unless asked for, and vectors may be sent as base64."""
    template_dates: bool
    """Template and pipeline reads carry created_date_millis and modified_date_millis."""
    bbq_from_dims: int
    """From this many dims on the default index_options are bbq_hnsw (a huge number: never)."""

    @property
    def major(self) -> int:
        return int(self.number.split(".")[0])

    def __str__(self) -> str:
        return self.number


NINE = Version("9.5.3", "10.5.1", "8.19.0", "8.0.0", "9111000", (8, 9), True, True, 384)
EIGHT = Version("8.19.21", "9.12.2", "7.17.0", "7.0.0", "8537000", (7, 8), False, False, 1 << 30)


def version_named(name: str) -> Version:
    """`9.5`, `9.5.3`, `8.19`, `8.19.21`; raises ValueError for any other."""
    for version in (NINE, EIGHT):
        if name == version.number or version.number.startswith(f"{name}."):
            return version
    raise ValueError(f'the sandbox takes the form of Elasticsearch "9.5" or "8.19", not "{name}"')

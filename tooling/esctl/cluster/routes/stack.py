"""Scripts, enrich policies, transforms, snapshots, cross-cluster replication, Logstash pipelines."""

from .table import Table

READS: Table = ()

WRITES: Table = ()

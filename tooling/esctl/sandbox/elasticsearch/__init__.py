"""The embedded Elasticsearch: real answers for what the project needs, refusals by name for the rest."""

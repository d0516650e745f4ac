"""esctl: infrastructure as code for Elasticsearch and Kibana."""

__version__ = "0.1.0"

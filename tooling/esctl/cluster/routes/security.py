"""Roles, users, role mappings, API keys, privileges, watches."""

from .table import Table

READS: Table = (
    ("GET", "/_security/role", "", "all roles in one list"),
    ("GET", "/_security/role_mapping", "", "all role mappings in one list"),
    ("GET", "/_security/user", "with_profile_uid", "all users in one list; never their passwords"),
    ("GET", "/_security/privilege", "", "the privileges of all applications in one list"),
    ("GET", "/_security/privilege/{name}", "", "the privileges of one application"),
    ("GET POST", "/_security/_query/api_key", "with_limited_by", "API keys by name; never their secrets"),
    ("GET POST", "/_watcher/_query/watches", "", "watches, a page at a time; secrets are redacted"),
)

WRITES: Table = (
    ("PUT", "/_security/role/{name}", "refresh", "writes a role"),
    ("DELETE", "/_security/role/{name}", "refresh", "deletes a role"),
    ("PUT", "/_security/role_mapping/{name}", "refresh", "writes a role mapping"),
    ("DELETE", "/_security/role_mapping/{name}", "refresh", "deletes a role mapping"),
    ("PUT", "/_security/user/{name}", "refresh", "writes a user; Elasticsearch itself refuses the reserved ones"),
    ("DELETE", "/_security/user/{name}", "refresh", "deletes a user"),
    ("PUT", "/_security/privilege", "refresh", "writes application privileges"),
    ("DELETE", "/_security/privilege/{name}/{name}", "refresh", "deletes one application privilege"),
    ("POST", "/_security/api_key", "refresh", "makes an API key; the answer holds its secret"),
    ("PUT", "/_security/api_key/{id}", "", "changes what an API key may do"),
    ("DELETE", "/_security/api_key", "", "invalidates the API keys that the body names"),
    ("PUT", "/_watcher/watch/{name}", "active if_seq_no if_primary_term", "writes a watch"),
    ("DELETE", "/_watcher/watch/{name}", "", "deletes a watch"),
    ("PUT", "/_watcher/watch/{name}/_activate", "", "lets a watch run"),
    ("PUT", "/_watcher/watch/{name}/_deactivate", "", "stops a watch"),
)

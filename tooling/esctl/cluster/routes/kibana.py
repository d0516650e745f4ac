"""Kibana: spaces, data views, saved objects, dashboards."""

from .table import Table

READS: Table = (
    ("GET", "/api/status", "", "version and readiness"),
    ("GET", "/api/spaces/space", "", "all spaces in one list"),
    ("GET", "/api/spaces/space/{name}", "", "one space"),
    ("GET", "/api/data_views", "", "all data views in one list"),
    ("GET", "/api/data_views/data_view/{id}", "", "one data view"),
    ("GET", "/api/dashboards", "page per_page query tags excluded_tags", "dashboards in one list"),
    ("GET", "/api/dashboards/{id}", "", "one dashboard"),
    ("GET", "/api/visualizations", "page per_page query search_fields fields", "visualizations in one list"),
    ("GET", "/api/visualizations/{id}", "", "one visualization"),
    (
        "GET",
        "/api/saved_objects/_find",
        "type fields page per_page search search_fields sort_field sort_order has_reference default_search_operator",
        "saved objects in lists",
    ),
    ("GET", "/api/saved_objects/{name}/{id}", "", "one saved object"),
    ("POST", "/api/saved_objects/_bulk_get", "", "saved objects by id"),
    ("POST", "/api/saved_objects/_export", "", "bodies of saved objects in bulk"),
    ("GET", "/api/ml/saved_objects/sync", "simulate=true", "a dry run; without simulate=true this GET writes"),
)

WRITES: Table = (
    ("POST", "/api/saved_objects/_import", "overwrite createNewCopies compatibilityMode", "writes saved objects"),
    ("DELETE", "/api/saved_objects/{name}/{id}", "force", "deletes one saved object"),
    ("POST", "/api/saved_objects/_bulk_delete", "force", "deletes saved objects by id"),
    ("POST", "/api/dashboards", "", "adds a dashboard"),
    ("PUT DELETE", "/api/dashboards/{id}", "", "writes or deletes one dashboard"),
    ("POST", "/api/visualizations", "", "adds a visualization"),
    ("PUT DELETE", "/api/visualizations/{id}", "", "writes or deletes one visualization"),
    ("POST", "/api/data_views/data_view", "", "adds a data view"),
    ("POST DELETE", "/api/data_views/data_view/{id}", "", "changes or deletes one data view"),
    ("PUT", "/api/security/role/{name}", "", "writes a role with Kibana's privileges"),
    ("POST", "/api/spaces/space", "", "adds a space"),
    ("PUT", "/api/spaces/space/{name}", "", "changes a space"),
)

"""Machine learning: filters, calendars, anomaly jobs and their datafeeds, data frame analytics."""

from .parameters import INDICES
from .table import Table

_MATCH = "allow_no_match exclude_generated"
_PAGE = "from size"
_RESULTS = "desc end exclude_interim from size sort start "
_JOB, _FEED, _FRAME = "/_ml/anomaly_detectors", "/_ml/datafeeds", "/_ml/data_frame/analytics"

READS: Table = (
    ("GET", "/_ml/info", "", "defaults and limits of machine learning"),
    ("GET", "/_ml/memory/_stats", "master_timeout timeout", "how much memory models may take, and take"),
    ("GET", "/_ml/filters", _PAGE, "all filters in one list"),
    ("GET", "/_ml/filters/{pattern}", _PAGE, "filters by name"),
    ("GET", "/_ml/calendars", _PAGE, "all calendars in one list"),
    ("GET", "/_ml/calendars/{pattern}", _PAGE, "calendars by name"),
    ("GET", "/_ml/calendars/_all/events", _PAGE + " start end job_id", "the events of all calendars"),
    ("GET", "/_ml/calendars/{pattern}/events", _PAGE + " start end", "the events of one calendar"),
    ("GET", _JOB, _MATCH, "all anomaly jobs with their datafeeds in one list"),
    ("GET", f"{_JOB}/_stats", "allow_no_match", "how all anomaly jobs stand"),
    ("GET", f"{_JOB}/{{pattern}}", _MATCH, "anomaly jobs by name"),
    ("GET", f"{_JOB}/{{pattern}}/_stats", "allow_no_match", "how anomaly jobs stand"),
    ("POST", f"{_JOB}/_estimate_model_memory", "", "how much memory a job would take; stores nothing"),
    ("GET POST", f"{_JOB}/{{pattern}}/results/buckets", _RESULTS + "anomaly_score expand", "what a job found"),
    ("GET POST", f"{_JOB}/{{pattern}}/results/records", _RESULTS + "record_score", "what a job found"),
    ("GET POST", f"{_JOB}/{{pattern}}/results/influencers", _RESULTS + "influencer_score", "what a job found"),
    ("GET", f"{_JOB}/{{pattern}}/model_snapshots", _RESULTS, "the states of a model that are kept"),
    ("GET", _FEED, _MATCH, "all datafeeds in one list"),
    ("GET", f"{_FEED}/_stats", "allow_no_match", "how all datafeeds stand"),
    ("GET", f"{_FEED}/{{pattern}}", _MATCH, "datafeeds by name"),
    ("GET", f"{_FEED}/{{pattern}}/_stats", "allow_no_match", "how datafeeds stand"),
    ("GET POST", f"{_FEED}/_preview", "start end", "what a datafeed would read; stores nothing"),
    ("GET POST", f"{_FEED}/{{name}}/_preview", "start end", "what a stored datafeed would read; stores nothing"),
    ("GET", _FRAME, _MATCH + " from size", "all data frame analytics in one list"),
    ("GET", f"{_FRAME}/_stats", "allow_no_match from size verbose", "how all data frame analytics stand"),
    ("GET", f"{_FRAME}/{{pattern}}", _MATCH + " from size", "data frame analytics by name"),
    ("GET", f"{_FRAME}/{{pattern}}/_stats", "allow_no_match from size verbose", "how data frame analytics stand"),
    ("GET POST", f"{_FRAME}/_explain", "", "which fields an analysis would take; stores nothing"),
    ("GET POST", f"{_FRAME}/{{name}}/_explain", "", "which fields a stored analysis takes; stores nothing"),
    ("GET POST", f"{_FRAME}/_preview", "", "the rows an analysis would read; stores nothing"),
    ("GET POST", f"{_FRAME}/{{name}}/_preview", "", "the rows a stored analysis reads; stores nothing"),
)

WRITES: Table = (
    ("PUT DELETE", "/_ml/filters/{name}", "", "writes or deletes a filter"),
    ("POST", "/_ml/filters/{name}/_update", "", "changes the items of a filter"),
    ("PUT DELETE", "/_ml/calendars/{name}", "", "writes or deletes a calendar with its events"),
    ("POST", "/_ml/calendars/{name}/events", "", "adds events to a calendar"),
    ("DELETE", "/_ml/calendars/{name}/events/{id}", "", "takes an event from a calendar"),
    ("PUT DELETE", "/_ml/calendars/{name}/jobs/{names}", "", "adds jobs to a calendar or takes them away"),
    ("PUT", f"{_JOB}/{{name}}", INDICES + "ignore_throttled", "makes an anomaly job"),
    ("POST", f"{_JOB}/{{name}}/_update", "", "changes an anomaly job where it stands"),
    ("POST", f"{_JOB}/{{name}}/_open", "timeout", "opens an anomaly job"),
    ("POST", f"{_JOB}/{{name}}/_close", "allow_no_match force timeout", "closes an anomaly job; its model is kept"),
    ("DELETE", f"{_JOB}/{{name}}", "force wait_for_completion", "deletes an anomaly job with its results"),
    ("PUT", f"{_FEED}/{{name}}", INDICES + "ignore_throttled", "makes a datafeed"),
    ("POST", f"{_FEED}/{{name}}/_update", INDICES + "ignore_throttled", "changes a datafeed that stands still"),
    ("POST", f"{_FEED}/{{name}}/_start", "start end timeout", "starts a datafeed"),
    ("POST", f"{_FEED}/{{name}}/_stop", "allow_no_match force timeout", "stops a datafeed; its job keeps its place"),
    ("DELETE", f"{_FEED}/{{name}}", "force", "deletes a datafeed; the job's results stay"),
    ("PUT", f"{_FRAME}/{{name}}", "", "makes a data frame analysis"),
    ("POST", f"{_FRAME}/{{name}}/_update", "", "changes a data frame analysis where it stands"),
    ("POST", f"{_FRAME}/{{name}}/_start", "timeout", "starts a data frame analysis"),
    ("POST", f"{_FRAME}/{{name}}/_stop", "allow_no_match force timeout", "stops a data frame analysis"),
    ("DELETE", f"{_FRAME}/{{name}}", "force timeout", "deletes a data frame analysis; its results stay"),
    (
        "POST",
        "/{name}/_delete_by_query",
        "refresh ignore_unavailable=true conflicts=proceed",
        "empties the destination of an analysis that is made anew",
    ),
)

"""Import, export, find: the cases of Kibana's own API tests (test/api_integration/apis/saved_objects), and more."""

from __future__ import annotations

import json

import pytest

VIEW = {"type": "index-pattern", "id": "v", "attributes": {"title": "logs-*"}, "references": []}
REFERENCE = {"type": "index-pattern", "id": "v", "name": "indexpattern-datasource-layer-a"}
BOARD = {"type": "dashboard", "id": "d", "attributes": {"title": "Requests"}, "references": [REFERENCE]}
both = pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)


def exported(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


@both
def test_import_then_export_gives_the_attributes_back(kibana, sandbox_version):
    answer = kibana.load(BOARD, VIEW)
    assert answer.json() == {
        "success": True,
        "successCount": 2,
        "warnings": [],
        "successResults": [
            {"type": "dashboard", "id": "d", "meta": {"title": "Requests", "icon": "dashboardApp"}, "managed": False},
            {
                "type": "index-pattern",
                "id": "v",
                "meta": {"title": "logs-*", "icon": "indexPatternApp"},
                "managed": False,
            },
        ],
    }
    answer = kibana("POST", "/api/saved_objects/_export", {"type": ["dashboard"], "includeReferencesDeep": True})
    assert answer.headers["content-type"].startswith("application/ndjson")
    view, board, details = exported(answer)
    assert (view["type"], board["type"]) == ("index-pattern", "dashboard")  # what is referenced comes first
    assert board["attributes"] == BOARD["attributes"] and board["references"] == [REFERENCE]
    assert board["typeMigrationVersion"] == {"9.5": "10.4.0", "8.19": "10.2.0"}[sandbox_version]
    assert board["coreMigrationVersion"] == "8.8.0" and "namespaces" not in board
    assert details == {
        "exportedCount": 2,
        "missingRefCount": 0,
        "missingReferences": [],
        "excludedObjectsCount": 0,
        "excludedObjects": [],
    }


def test_an_export_imports_elsewhere(kibana):
    kibana.load(BOARD, VIEW)
    lines = exported(kibana("POST", "/api/saved_objects/_export", {"type": ["dashboard", "index-pattern"]}))
    assert kibana.load(*lines, overwrite="true").json()["successCount"] == 2  # the line of details is passed over


def test_a_conflict_keeps_everything_from_being_written(kibana):
    kibana.load(VIEW)
    answer = kibana.load(VIEW, BOARD)
    assert answer.status_code == 200
    assert answer.json()["success"] is False
    assert answer.json()["errors"] == [
        {
            "id": "v",
            "type": "index-pattern",
            "title": "logs-*",
            "meta": {"title": "logs-*", "icon": "indexPatternApp"},
            "error": {"type": "conflict"},
        }
    ]
    assert [one["id"] for one in answer.json()["successResults"]] == ["d"]
    assert kibana("GET", "/api/saved_objects/dashboard/d").status_code == 404


def test_overwrite_replaces_and_says_so(kibana):
    kibana.load(VIEW)
    before = kibana("GET", "/api/saved_objects/index-pattern/v").json()
    answer = kibana.load(VIEW | {"attributes": {"title": "other-*"}}, overwrite="true").json()
    assert answer["success"] and answer["successResults"][0]["overwrite"] is True
    after = kibana("GET", "/api/saved_objects/index-pattern/v").json()
    assert after["attributes"] == {"title": "other-*"} and after["version"] != before["version"]


def test_missing_references_and_unsupported_types_are_errors_of_the_item(kibana):
    wanted = [{"name": "a", "type": "index-pattern", "id": "no"}, {"name": "b", "type": "lens", "id": "no"}]
    answer = kibana.load(BOARD | {"references": wanted}, {"type": "wigwags", "id": "1", "attributes": {"title": "t"}})
    by_id = {error["id"]: error for error in answer.json()["errors"]}
    # Only data views and searches are looked for: a dangling reference to a lens is let through.
    assert by_id["d"]["error"] == {"type": "missing_references", "references": [{"type": "index-pattern", "id": "no"}]}
    assert by_id["1"] == {
        "id": "1",
        "type": "wigwags",
        "title": "t",
        "meta": {"title": "t"},
        "error": {"type": "unsupported_type"},
    }


def test_new_copies_get_new_ids_and_their_references_follow(kibana):
    kibana.load(VIEW, BOARD)
    answer = kibana.load(VIEW, BOARD, createNewCopies="true").json()
    ids = {one["type"]: one["destinationId"] for one in answer["successResults"]}
    copy = kibana("GET", f"/api/saved_objects/dashboard/{ids['dashboard']}").json()
    assert copy["references"] == [REFERENCE | {"id": ids["index-pattern"]}] and "originId" not in copy


@both
def test_what_a_newer_kibana_wrote_is_refused_whole(kibana, sandbox_version):
    last = {"9.5": "10.4.0", "8.19": "10.2.0"}[sandbox_version]
    answer = kibana.load(VIEW, BOARD | {"typeMigrationVersion": "10.9.0"})
    assert answer.status_code == 422
    assert answer.json() == {
        "statusCode": 422,
        "error": "Unprocessable Entity",
        "message": 'Document "d" belongs to a more recent version of Kibana [10.9.0]'
        f" when the last known version is [{last}].",
    }
    assert kibana("GET", "/api/saved_objects/index-pattern/v").status_code == 404


@both
def test_unknown_dashboard_attributes_are_refused_by_8_and_kept_by_9(kibana, sandbox_version):
    pinned = {"panels": {"c": {"type": "options_list_control", "order": 0, "config": {}}}}
    answer = kibana.load(BOARD | {"attributes": {"title": "t", "pinned_panels": pinned}, "references": []}).json()
    assert answer["success"] is (sandbox_version == "9.5")
    if sandbox_version == "8.19":
        assert answer["errors"][0]["error"]["message"] == (
            "[attributes.pinned_panels]: definition for this key is missing"
        )
    else:
        assert kibana("GET", "/api/saved_objects/dashboard/d").json()["attributes"]["pinned_panels"] == pinned


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ({"overwrite": "true", "createNewCopies": "true"}, 400, "cannot use [overwrite] with [createNewCopies]"),
        ({"overwrite": "yes"}, 400, "[request query.overwrite]"),
        ({"force": "true"}, 400, "[request query.force]: definition for this key is missing"),
    ],
)
def test_import_options_that_do_not_fit(kibana, query, status, message):
    answer = kibana.load(VIEW, **query)
    assert answer.status_code == status and message in answer.json()["message"]


def test_import_files_that_do_not_fit(kibana):
    assert kibana("POST", "/api/saved_objects/_import").json()["statusCode"] == 415
    assert kibana.load(VIEW, name="x.json").json()["message"] == "Invalid file extension .json"
    assert "Non-unique import objects detected: [index-pattern:v]" in kibana.load(VIEW, VIEW).json()["message"]


@pytest.mark.parametrize(
    "item",
    [{"type": "dashboard"}, [], VIEW | {"attributes": []}, VIEW | {"references": [{"id": "x"}]}, VIEW | {"id": 3}],
    ids=str,
)
def test_malformed_objects_are_refused(kibana, item):
    answer = kibana.load(item)
    assert answer.status_code == 400 and answer.json()["message"].startswith("Malformed saved object")


def test_export_of_a_missing_object_names_it(kibana):
    answer = kibana("POST", "/api/saved_objects/_export", {"objects": [{"type": "dashboard", "id": "1"}]})
    assert answer.status_code == 400
    assert answer.json() == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": "Error fetching objects to export",
        "attributes": {
            "objects": [
                {
                    "id": "1",
                    "type": "dashboard",
                    "error": {
                        "statusCode": 404,
                        "error": "Not Found",
                        "message": "Saved object [dashboard/1] not found",
                    },
                }
            ]
        },
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Either `type` or `objects` are required."),
        (
            {"type": "dashboard", "objects": [{"type": "dashboard", "id": "1"}]},
            'Can\'t specify both "types" and "objects" properties when exporting',
        ),
        ({"type": "wigwags"}, "Trying to export non-exportable type(s): wigwags"),
        ({"objects": [{"type": "dashboard"}]}, "[request body.objects.0.id]: expected value of type [string]"),
        ({"kind": "dashboard"}, "[request body.kind]: definition for this key is missing"),
    ],
)
def test_export_requests_that_do_not_fit(kibana, body, message):
    answer = kibana("POST", "/api/saved_objects/_export", body)
    assert answer.status_code == 400 and message in answer.json()["message"]


def test_export_tells_of_missing_references(kibana):
    lens = {"type": "lens", "id": "gone", "name": "p:savedObjectRef"}
    kibana.load(BOARD | {"references": [lens]})
    *_, details = exported(
        kibana("POST", "/api/saved_objects/_export", {"type": "dashboard", "includeReferencesDeep": True})
    )
    assert details["missingReferences"] == [{"type": "lens", "id": "gone"}] and details["missingRefCount"] == 1
    (only,) = exported(
        kibana("POST", "/api/saved_objects/_export", {"type": "dashboard", "excludeExportDetails": True})
    )
    assert only["id"] == "d"


def test_find_and_bulk_get(kibana):
    kibana.load(
        VIEW, BOARD, *({"type": "lens", "id": f"l{n}", "attributes": {"title": f"Chart {n}"}} for n in range(3))
    )
    found = kibana("GET", "/api/saved_objects/_find?type=lens&per_page=2&page=2").json()
    assert (found["total"], found["page"], [one["id"] for one in found["saved_objects"]]) == (3, 2, ["l2"])
    found = kibana("GET", "/api/saved_objects/_find?type=lens&type=dashboard&search=req*&fields=title").json()
    assert [one["attributes"] for one in found["saved_objects"]] == [{"title": "Requests"}]
    assert found["saved_objects"][0]["namespaces"] == ["default"]
    query = {"type": "dashboard", "has_reference": json.dumps({"type": "index-pattern", "id": "v"})}
    assert kibana("GET", "/api/saved_objects/_find", params=query).json()["total"] == 1
    answer = kibana("GET", "/api/saved_objects/_find", params={"type": "lens", "filter": "lens.attributes.title: x"})
    assert answer.status_code == 400 and "the sandbox" in answer.json()["message"]

    wanted = [{"type": "lens", "id": "l1"}, {"type": "lens", "id": "no"}]
    one, other = kibana("POST", "/api/saved_objects/_bulk_get", wanted).json()["saved_objects"]
    assert one["attributes"] == {"title": "Chart 1"}
    assert other["error"]["message"] == "Saved object [lens/no] not found"


def test_delete(kibana):
    kibana.load(VIEW)
    assert kibana("DELETE", "/api/saved_objects/index-pattern/v").json() == {}
    answer = kibana("DELETE", "/api/saved_objects/index-pattern/v")
    assert answer.status_code == 404
    assert answer.json()["message"] == "Saved object [index-pattern/v] not found"


def test_objects_survive_a_restart(start_kibana):
    start_kibana("9.5").load(VIEW)
    assert start_kibana("9.5")("GET", "/api/saved_objects/index-pattern/v").json()["attributes"] == VIEW["attributes"]


def test_bulk_delete_answers_for_each_object_by_itself(kibana):
    kibana.load({"type": "tag", "id": "a", "attributes": {"name": "a", "description": "", "color": "#fff"}})
    wanted = [{"type": "tag", "id": "a"}, {"type": "lens", "id": "gone"}, {"type": "nothing", "id": "x"}]
    answer = kibana("POST", "/api/saved_objects/_bulk_delete", wanted)
    assert answer.status_code == 200
    there, gone, unknown = answer.json()["statuses"]
    assert there == {"id": "a", "type": "tag", "success": True}
    assert (gone["success"], gone["error"]["statusCode"]) == (False, 404)
    assert gone["error"]["message"] == "Saved object [lens/gone] not found"
    assert (unknown["success"], unknown["error"]["statusCode"]) == (False, 400)
    assert kibana("GET", "/api/saved_objects/tag/a").status_code == 404

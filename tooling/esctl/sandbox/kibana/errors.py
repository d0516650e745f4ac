"""Refusals in Kibana's shape: `{"statusCode", "error", "message", "attributes"?}`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class KibanaError(Exception):
    """A request that is refused; `body` is what the client reads."""

    def __init__(self, status: int, message: str, attributes: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"statusCode": status, "error": HTTPStatus(status).phrase, "message": message}
        if status == 422:  # the name of 422 changed in Python 3.13, not in Kibana
            self.body["error"] = "Unprocessable Entity"
        if attributes is not None:
            self.body["attributes"] = attributes


def not_found() -> KibanaError:
    return KibanaError(404, "Not Found")


def object_not_found(type_: str, id_: str) -> KibanaError:
    return KibanaError(404, f"Saved object [{type_}/{id_}] not found")


def bad_request(message: str, attributes: dict[str, Any] | None = None) -> KibanaError:
    return KibanaError(400, message, attributes)

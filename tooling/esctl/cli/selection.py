"""Addresses and globs as typed: each must name something."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ..errors import EsctlError, did_you_mean

if TYPE_CHECKING:
    from ..model import Address
    from .invocation import Invocation


def selection(given: Collection[str] | None, invocation: Invocation, also: Collection[Address] = ()) -> tuple[str, ...]:
    """The globs, after a check that each names a resource of the project (or one of `also`)."""
    from fnmatch import fnmatchcase

    known = [str(resource.address) for resource in invocation.loaded.resources] + [str(address) for address in also]
    for glob in given or ():
        if not any(fnmatchcase(address, glob) for address in known):
            raise EsctlError(f'"{glob}" names no resource of this project', hint=did_you_mean(glob, known))
    return tuple(given or ())

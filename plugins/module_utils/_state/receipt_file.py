# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file receipt.json: its format, its checksum, and earlier formats.

A state directory contains receipt.json and the rosters that it names by their SHA-256 checksums. The file is replaced
atomically, after these rosters were stored. If a run fails before that, the earlier state is still valid.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from .._files import SHA256
from .receipt import (
    RESTORE_REMEDY,
    Binding,
    PreviousRoster,
    Receipt,
    RosterSummary,
    State,
    StateError,
    UnresolvedUpload,
)

RECEIPT_FILE = "receipt.json"

RECEIPT_FORMAT = 3
"""Version of the format of receipt.json. Older versions can be read; newer versions are rejected."""

_REQUIRED_VERSION = "0.1.0"
"""First version of the collection that can read this format."""

_FIRST_WITH_UNRESOLVED = 3
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){2}")
_OPTIONAL = ("previous", "summary")
_BINDING = tuple(field.name for field in fields(Binding))

Record = TypeVar("Record", Receipt, UnresolvedUpload)


def render_state(state: State) -> bytes:
    """Return the content of receipt.json."""
    document = {
        "format": RECEIPT_FORMAT,
        "needs": _REQUIRED_VERSION,
        "receipt": None if state.receipt is None else _render_record(state.receipt),
        "unresolved": [_render_record(upload) for upload in state.unresolved],
    }
    document["checksum"] = _checksum(document)
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _render_record(record: Receipt | UnresolvedUpload) -> dict[str, Any]:
    values = asdict(record)
    return {**values.pop("binding"), **values}


def parse_state(data: bytes, name: str) -> State:
    """Parse the content of receipt.json.

    :param name: path of the file, for the error message.
    :raises StateError: if the content is corrupted, or its format is newer than the supported format.
    """
    try:
        document = json.loads(data)
        _check_format(document, name)
        if document["format"] < _FIRST_WITH_UNRESOLVED:
            return State(_parse_record(Receipt, _convert(document), name))
        stored = document["receipt"]
        return State(
            None if stored is None else _parse_record(Receipt, stored, name),
            tuple(_parse_record(UnresolvedUpload, each, name) for each in document["unresolved"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damage_error(name, type(error).__name__) from error


def _convert(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the receipt in a document of the first or the second format.

    The fields that did not exist in these formats are added. Their values are correct for all such receipts.
    """
    added: dict[str, Any] = {"missing": None}
    if document["format"] == 1:
        added |= {"sequence": 1 + len(document["history"]), "complete": True}
    return {**added, **document}


def _parse_record(kind: type[Record], values: Mapping[str, Any], name: str) -> Record:
    """Parse a receipt or an unresolved upload.

    :param kind: class of the result.
    :raises StateError: if the checksum of a file is malformed.
    :raises KeyError: if a field is missing.
    """
    binding = {field: values[field] for field in _BINDING}
    binding["header"] = tuple(str(title) for title in binding["header"])
    names = [field.name for field in fields(kind) if field.name not in ("binding", *_OPTIONAL)]
    own = {field: values[field] for field in names}
    if "history" in own:
        own["history"] = tuple(map(dict, own["history"]))
    # Receipts of earlier versions do not have these fields.
    if values.get("summary") is not None:
        own["summary"] = RosterSummary(**values["summary"])
    if values.get("previous") is not None:
        previous = {**values["previous"], "header": tuple(map(str, values["previous"]["header"]))}
        own["previous"] = PreviousRoster(**previous)
    for checksum in _file_checksums(own):
        if not SHA256.fullmatch(checksum):
            raise _damage_error(name, "invalid checksum of a roster file")
    return kind(binding=Binding(**binding), **own)


def _file_checksums(own: Mapping[str, Any]) -> Iterator[str]:
    """Yield the checksums that are the names of files."""
    files = [(own["roster"], own["identities"])]
    if "previous" in own:
        files.append((own["previous"].roster, own["previous"].identities))
    for roster, identities in files:
        yield roster
        if identities != "":
            yield identities


def _check_format(document: Mapping[str, Any], name: str) -> None:
    if document["format"] > RECEIPT_FORMAT:
        required_version = document.get("needs")
        version_hint = (
            f" to {required_version} or newer" if _VERSION.fullmatch(str(required_version)) else ""
        )
        raise StateError(
            f"Cannot use {name}",
            f"its format {document['format']} is newer than the supported format {RECEIPT_FORMAT}",
            f"Update the collection frontdesk.contacts{version_hint}",
        )
    # The first format has no checksum. If a document has a checksum but claims to be in the first
    # format, it was modified.
    is_first_format = document["format"] == 1 and "checksum" not in document
    if not is_first_format and document["checksum"] != _checksum(document):
        raise _damage_error(name, "wrong checksum")


def _checksum(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 checksum of the content of receipt.json, ignoring its checksum field and whitespace."""
    content = {key: value for key, value in document.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def _damage_error(name: str, detail: str) -> StateError:
    return StateError(f"Cannot use {name}", f"it is corrupted ({detail})", RESTORE_REMEDY)

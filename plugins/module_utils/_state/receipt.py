# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receipt: what the service accepted and when. It is the commit of a sync.

A state directory holds immutable rosters, named by their SHA-256, and receipt.json, which is replaced
last and atomically: whatever happens before, the state is the one of the last accepted upload.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .._errors import FrontdeskError

RECEIPT_FORMAT = 2
"""Version of receipt.json that is written; older ones are read, a newer one is refused."""

_REQUIRED_VERSION = "0.1.0"
"""First version of the collection that reads what is written."""

_HISTORY_LENGTH = 10
_SHA256 = re.compile("[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){2}")
RESTORE_REMEDY = (
    "Restore it from a backup, or remove the state directory and upload with initial: true"
)


class StateError(FrontdeskError):
    """The state directory cannot be used as it is."""


@dataclass(frozen=True)
class Binding:
    """What a receipt belongs to; with another endpoint, profile or header it counts as none.

    :ivar endpoint: the service's URL without query.
    :ivar profile: name of the profile.
    :ivar header: titles of the columns.
    """

    endpoint: str
    profile: str
    header: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """What the service accepted last.

    :ivar binding: what it belongs to.
    :ivar roster: SHA-256 of the CSV that it has, as far as is known.
    :ivar identities: SHA-256 of its identities file; empty when there was none.
    :ivar rows: number of contacts.
    :ivar accepted_at: UTC time of the answer (RFC 3339), by a clock that may jump.
    :ivar plan: id of the plan.
    :ivar status: HTTP status of the answer.
    :ivar counts: what the service counted.
    :ivar sequence: number of this acceptance in the state directory. It tells what came after what.
    :ivar complete: whether the service is known to have this roster and nothing else. It is not when rows
        were refused, or when it may have taken a later one without saying so. Then the next run sends.
    :ivar history: shorter forms of earlier receipts, the latest first.
    """

    binding: Binding
    roster: str
    identities: str
    rows: int
    accepted_at: str
    plan: str
    status: int
    counts: Mapping[str, int]
    sequence: int = 1
    complete: bool = True
    history: tuple[dict[str, Any], ...] = ()


def strip_query(url: str) -> str:
    """The part of a URL that names the service: scheme, host and port, path; no query, which may be secret."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, "", ""))


def with_history(receipt: Receipt, previous: Receipt | None) -> Receipt:
    """The receipt as the one that follows another, which goes into its history."""
    if previous is None:
        return receipt
    summary = {
        key: getattr(previous, key)
        for key in ("sequence", "roster", "rows", "accepted_at", "plan", "status", "complete")
    }
    summary["endpoint"] = previous.binding.endpoint
    return replace(
        receipt,
        sequence=previous.sequence + 1,
        history=(summary, *previous.history)[:_HISTORY_LENGTH],
    )


def render_receipt(receipt: Receipt) -> bytes:
    """The bytes of receipt.json."""
    document = {
        "format": RECEIPT_FORMAT,
        "needs": _REQUIRED_VERSION,
        **vars(receipt.binding),
        **{key: value for key, value in vars(receipt).items() if key != "binding"},
        "counts": dict(receipt.counts),
    }
    document["checksum"] = _checksum(document)
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _checksum(document: Mapping[str, Any]) -> str:
    """SHA-256 of all of a receipt but this itself, however it is spaced."""
    signed = {key: value for key, value in document.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(signed, sort_keys=True).encode("ascii")).hexdigest()


def parse_receipt(data: bytes, name: str) -> Receipt:
    """Read the bytes of receipt.json.

    :param name: its path, for the error.
    :raises StateError: when it is damaged, or of a newer format.
    """
    try:
        document = json.loads(data)
        _check_format(document, name)
        binding = Binding(
            endpoint=document["endpoint"],
            profile=document["profile"],
            header=tuple(_to_strings(document["header"])),
        )
        # What the first format did not say is what was always so then.
        defaults = {"sequence": 1 + len(document["history"]), "complete": True}
        complete_document = {**defaults, **document} if document["format"] == 1 else document
        values = {
            field.name: complete_document[field.name]
            for field in fields(Receipt)
            if field.name not in ("binding", "history")
        }
        receipt = Receipt(binding=binding, **values, history=tuple(document["history"]))
        for checksum in (receipt.roster, receipt.identities or receipt.roster):
            if not _SHA256.fullmatch(checksum):
                raise _damage_error(name, "checksum of a file")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damage_error(name, type(error).__name__) from error
    return receipt


def _check_format(document: Mapping[str, Any], name: str) -> None:
    if document["format"] > RECEIPT_FORMAT:
        required_version = document.get("needs")
        version_hint = (
            f" to {required_version} or newer" if _VERSION.fullmatch(str(required_version)) else ""
        )
        raise StateError(
            f"Cannot use {name}",
            f"its format {document['format']} is newer than {RECEIPT_FORMAT}",
            f"Update the collection frontdesk.contacts{version_hint}",
        )
    # The first format has none. One that has it and says that it is the first was changed.
    is_first_format = document["format"] == 1 and "checksum" not in document
    if not is_first_format and document["checksum"] != _checksum(document):
        raise _damage_error(name, "checksum")


def _damage_error(name: str, detail: str) -> StateError:
    return StateError(f"Cannot use {name}", f"it is damaged ({detail})", RESTORE_REMEDY)


def _to_strings(values: Sequence[object]) -> list[str]:
    return [str(value) for value in values]

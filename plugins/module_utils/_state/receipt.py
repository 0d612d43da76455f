# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receipt of the last accepted upload.

Writing the receipt commits a sync.

A state directory contains immutable rosters, named by their SHA-256 checksums, and receipt.json.
The receipt is replaced last, and atomically. If a sync fails before that, the state still describes
the last accepted upload.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .._errors import FrontdeskError
from .._files import SHA256

RECEIPT_FILE = "receipt.json"

RECEIPT_FORMAT = 2
"""Version of the format of receipt.json. Older versions can be read; newer versions are rejected."""

_REQUIRED_VERSION = "0.1.0"
"""First version of the collection that can read this format."""

RESTORE_REMEDY = (
    "Restore it from a backup, or remove the state directory and run once with O(initial=true)"
)

_HISTORY_LENGTH = 10
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){2}")


class StateError(FrontdeskError):
    """The state directory cannot be used."""


@dataclass(frozen=True)
class Binding:
    """The settings for which a receipt is valid.

    If one of these settings changes, the receipt is ignored.

    :ivar endpoint: URL of the service without its query.
    :ivar profile: name of the profile.
    :ivar header: titles of the columns.
    """

    endpoint: str
    profile: str
    header: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """The receipt of the last accepted upload.

    :ivar binding: the settings for which the receipt is valid.
    :ivar roster: SHA-256 checksum of the CSV file that the service is believed to have.
    :ivar identities: SHA-256 checksum of the identities file; empty if there was none.
    :ivar rows: number of contacts.
    :ivar accepted_at: time of the response in UTC (RFC 3339), according to this host's clock.
    :ivar plan: identifier of the plan.
    :ivar status: status code of the response.
    :ivar counts: counts from the response.
    :ivar sequence: sequence number of the upload among the accepted uploads in the state directory.
    :ivar complete: whether the service is known to have exactly this roster. It is false if the
        service refused rows, or may have accepted a later roster without confirming it. The next
        run then sends the roster again.
    :ivar history: summaries of earlier receipts, starting with the latest.
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
    """Return the part of a URL that identifies a service, with its host name in lowercase.

    The query is omitted, because it may contain a secret.
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, "", ""))


def with_history(receipt: Receipt, previous: Receipt | None) -> Receipt:
    """Return a receipt with the next sequence number and the previous receipt in its history."""
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
    """Return the content of receipt.json."""
    document = {
        "format": RECEIPT_FORMAT,
        "needs": _REQUIRED_VERSION,
        **vars(receipt.binding),
        **{key: value for key, value in vars(receipt).items() if key != "binding"},
        "counts": dict(receipt.counts),
    }
    document["checksum"] = _checksum(document)
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def parse_receipt(data: bytes, name: str) -> Receipt:
    """Parse the content of receipt.json.

    :param name: path of the file, for the error message.
    :raises StateError: if the content is corrupted, or its format is newer than the supported format.
    """
    try:
        document = json.loads(data)
        _check_format(document, name)
        binding = Binding(
            endpoint=document["endpoint"],
            profile=document["profile"],
            header=tuple(str(title) for title in document["header"]),
        )
        # Receipts in the first format do not contain these fields, but these values are correct for all such receipts.
        defaults = {"sequence": 1 + len(document["history"]), "complete": True}
        values = {**defaults, **document} if document["format"] == 1 else document
        receipt = Receipt(
            binding=binding,
            history=tuple(document["history"]),
            **{
                field.name: values[field.name]
                for field in fields(Receipt)
                if field.name not in ("binding", "history")
            },
        )
        for checksum in (receipt.roster, receipt.identities or receipt.roster):
            if not SHA256.fullmatch(checksum):
                raise _damage_error(name, "invalid checksum of a roster file")
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
            f"its format {document['format']} is newer than the supported format {RECEIPT_FORMAT}",
            f"Update the collection frontdesk.contacts{version_hint}",
        )
    # The first format has no checksum. If a document has a checksum but claims to be in the first
    # format, it was modified.
    is_first_format = document["format"] == 1 and "checksum" not in document
    if not is_first_format and document["checksum"] != _checksum(document):
        raise _damage_error(name, "wrong checksum")


def _checksum(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 checksum of a receipt, ignoring its checksum field and whitespace."""
    content = {key: value for key, value in document.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def _damage_error(name: str, detail: str) -> StateError:
    return StateError(f"Cannot use {name}", f"it is corrupted ({detail})", RESTORE_REMEDY)

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receipt: what the service accepted and when. It is the commit of a sync.

A state directory holds immutable rosters, named by their SHA-256, and receipt.json, which is replaced
last and atomically: whatever happens before, the state is the one of the last accepted upload.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from .._errors import FrontdeskError

RECEIPT_FORMAT = 1
"""Version of receipt.json that is written; a newer one is refused."""

_HISTORY = 10


class StateError(FrontdeskError):
    """The state directory cannot be used as it is."""


class Binding(NamedTuple):
    """What a receipt belongs to; with another endpoint, profile or header it counts as none.

    :ivar endpoint: the service's URL without query.
    :ivar profile: name of the profile.
    :ivar header: titles of the columns.
    """

    endpoint: str
    profile: str
    header: tuple[str, ...]


class Receipt(NamedTuple):
    """What the service accepted last.

    :ivar binding: what it belongs to.
    :ivar roster: SHA-256 of the accepted CSV.
    :ivar identities: SHA-256 of its identities file; empty when there was none.
    :ivar rows: number of contacts.
    :ivar accepted_at: UTC time of the answer (RFC 3339).
    :ivar plan: id of the plan.
    :ivar status: HTTP status of the answer.
    :ivar counts: what the service counted.
    :ivar history: shorter forms of earlier receipts, the latest first.
    """

    binding: Binding
    roster: str
    identities: str
    rows: int
    accepted_at: str
    plan: str
    status: int
    counts: dict[str, int]
    history: tuple[dict[str, Any], ...] = ()


def endpoint_of(url: str) -> str:
    """The part of a URL that names the service: scheme, host and port, path; no query, which may be secret."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, "", ""))


def with_history(receipt: Receipt, previous: Receipt | None) -> Receipt:
    """The receipt with what it replaces added to its history."""
    if previous is None:
        return receipt
    kept = {
        key: getattr(previous, key) for key in ("roster", "rows", "accepted_at", "plan", "status")
    }
    kept["endpoint"] = previous.binding.endpoint
    return receipt._replace(history=(kept, *previous.history)[:_HISTORY])


def render_receipt(receipt: Receipt) -> bytes:
    """The bytes of receipt.json."""
    document = {
        "format": RECEIPT_FORMAT,
        **receipt.binding._asdict(),
        **{key: value for key, value in receipt._asdict().items() if key != "binding"},
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def parse_receipt(data: bytes, name: str) -> Receipt:
    """Read the bytes of receipt.json.

    :param name: its path, for the error.
    :raises StateError: when it is damaged, or of a newer format.
    """
    remedy = "Restore it from a backup, or remove the state directory and upload with initial: true"
    try:
        document = json.loads(data)
        if document["format"] > RECEIPT_FORMAT:
            raise StateError(
                f"Cannot use {name}",
                f"its format {document['format']} is newer than {RECEIPT_FORMAT}",
                "Update the collection frontdesk.contacts",
            )
        binding = Binding(
            document["endpoint"], document["profile"], tuple(_texts(document["header"]))
        )
        fields = {
            key: document[key] for key in Receipt._fields if key not in ("binding", "history")
        }
        return Receipt(binding=binding, **fields, history=tuple(document["history"]))
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(
            f"Cannot use {name}", f"it is damaged ({type(error).__name__})", remedy
        ) from error


def _texts(values: Sequence[object]) -> list[str]:
    return [str(value) for value in values]

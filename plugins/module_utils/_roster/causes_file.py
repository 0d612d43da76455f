# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The causes file of a roster: why contacts of the known rosters are missing from it.

The export writes it next to the roster. It is in the JSON Lines format. The first line contains the format version, the
checksums of the roster to which the file belongs, and the baseline with which the roster was compared. Each of the next
lines contains one missing contact with its cause. Contacts that are not listed are missing for an unknown cause.

The causes are not in the identities file, because they depend on the baseline: the files of an unchanged roster must
stay the same after an upload.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .files import MAX_LINE_BYTES, RosterFile
from .removal_cause import KINDS, MissingContact, RemovalCause

_FORMAT = 1


class Baseline(NamedTuple):
    """The last accepted roster, as the receipt identifies it.

    :ivar roster: SHA-256 of its CSV file, in hexadecimal.
    :ivar sequence: sequence number of the upload.
    """

    roster: str
    sequence: int


@dataclass(frozen=True)
class RemovalCauses:
    """The causes for which contacts are missing from a roster.

    :ivar baseline: the baseline with which the roster was compared; None if there was none.
    :ivar by_contact: cause for each missing contact for which it was determined.
    """

    baseline: Baseline | None = None
    by_contact: Mapping[MissingContact, RemovalCause] = field(default_factory=dict)


def causes_path(path: Path) -> Path:
    """Return the path of the causes file that belongs to a roster."""
    return path.with_name(path.name + ".causes")


def render_causes(roster: RosterFile, causes: RemovalCauses) -> Iterator[bytes]:
    """Yield the lines of a causes file.

    :param roster: the roster to which the file belongs.
    """
    head = {
        **_head(roster),
        "baseline": None if causes.baseline is None else causes.baseline._asdict(),
    }
    yield _encode(head)
    for contact, cause in sorted(causes.by_contact.items()):
        yield _encode({**contact._asdict(), **cause._asdict()})


def load_causes(path: Path, roster: RosterFile) -> RemovalCauses | None:
    """Read the causes file of a roster.

    :param path: path of the roster.
    :param roster: the roster.
    :returns: the causes; None if the file is missing, cannot be read, is not valid or belongs to another roster.
    """
    with suppress(OSError, ValueError, TypeError, KeyError), causes_path(path).open("rb") as file:
        lines = iter(lambda: file.readline(MAX_LINE_BYTES), b"")
        head = json.loads(next(lines, b""))
        expected = _head(roster)
        if {name: head[name] for name in expected} != expected:
            return None
        baseline = None if head["baseline"] is None else Baseline(**head["baseline"])
        return RemovalCauses(baseline, dict(_parse_lines(lines)))
    return None


def _head(roster: RosterFile) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "roster": roster.sha256,
        "identities": roster.identities_sha256,
    }


def _encode(document: Mapping[str, object]) -> bytes:
    return (json.dumps(document) + "\n").encode("ascii")


def _parse_lines(lines: Iterable[bytes]) -> Iterator[tuple[MissingContact, RemovalCause]]:
    for line in lines:
        document = json.loads(line)
        contact = MissingContact(str(document["identity"]), str(document["location"]))
        if document["kind"] not in KINDS:
            raise ValueError
        yield contact, RemovalCause(document["kind"], str(document["detail"]))

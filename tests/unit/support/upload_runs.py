# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads of a roster to a fake service on the loopback interface, with a state directory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload import (
    upload,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_options import (
    parse_upload_options,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_outcome import (
    Outcome,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_spec import (
    upload_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    RosterConfiguration,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import ids_path
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import State
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt_file import (
    parse_state,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import complete_params
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import csv_bytes, ids_bytes
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    Request,
    Write,
    http_server,
    plain,
)

A, B, C = ("A", "a@x", "oslo"), ("B", "b@x", "oslo"), ("C", "c@x", "bergen")
"""Rows of the first roster."""

SECOND_ROW_REFUSED = (
    b'{"counts": {"added": 0}, "errors": [{"row": 2, "column": "Email", "error": "is used twice"}]}'
)
"""Body of a response that refuses the second row."""

RESULT_OPTION = {"counts": "counts", "errors": "errors"}
"""Value of the option ``result`` that describes the responses of the service."""


class Uploader:
    """A roster, a state directory, and a fake service to which the roster is uploaded.

    :param directory: directory that contains the roster and the state directory.
    :ivar src: path of the roster.
    :ivar state_dir: state directory, which the first upload creates.
    :ivar port: port of the service.
    :ivar response: default response of the service.
    :ivar next_responses: responses to the next requests, in order; later requests receive `response`.
    :ivar sent_bodies: bodies of all requests.
    """

    def __init__(self, directory: Path, port: int) -> None:
        self.src = directory / "contacts.csv"
        self.state_dir = directory / "state"
        self.port = port
        self.response = plain("200 OK", b'{"counts": {"added": 1}, "errors": []}')
        self.next_responses: list[bytes] = []
        self.sent_bodies: list[bytes] = []

    def serve(self, request: Request, write: Write) -> None:
        """Respond to one request."""
        self.sent_bodies.append(request.body)
        write(self.next_responses.pop(0) if self.next_responses else self.response)

    def write_roster(
        self,
        *rows: tuple[str, ...],
        identities: str | None = None,
        configuration: RosterConfiguration | None = None,
    ) -> None:
        """Write the roster and its identities.

        :param identities: string whose characters are the identities of the rows; by default, the names in lowercase.
        :param configuration: configuration with which the roster was exported; by default, it is unknown.
        """
        names = identities or "".join(row[0].lower() for row in rows)
        data = csv_bytes(rows)
        self.src.write_bytes(data)
        ids_path(self.src).write_bytes(ids_bytes(data, names, configuration=configuration))

    def upload(self, *, check_mode: bool = False, **changes: Any) -> Outcome:
        """Upload the roster.

        :param changes: options of contact_upload that differ from the defaults of these tests.
        """
        options = self.options(**changes)
        parsed = parse_upload_options(complete_params(upload_spec(), **options))
        return upload(parsed, check_mode, with_diff=True)

    def options(self, **changes: Any) -> dict[str, Any]:
        """Return the options of an upload.

        :param changes: options of contact_upload that differ from the defaults of these tests.
        """
        options: dict[str, Any] = {
            "src": str(self.src),
            "url": f"http://127.0.0.1:{self.port}/c?list=secret",
            "token": "t0ken",
            "state_dir": str(self.state_dir),
            "key": ["Email"],
            "result": RESULT_OPTION,
            "retries": 0,
        }
        spec = upload_spec()
        options.update(changes)
        if options["result"] is not None:
            options["result"] = complete_params(spec["result"]["options"], **options["result"])
        return options

    def state_files(self) -> dict[str, bytes]:
        """Return the content of each file in the state directory, by name."""
        return {path.name: path.read_bytes() for path in self.state_dir.glob("*")}


@contextlib.contextmanager
def start_uploader(directory: Path) -> Iterator[Uploader]:
    """Start the service, write a roster of three people, and yield the uploader."""
    uploader = Uploader(directory, 0)
    with http_server(uploader.serve) as server:
        uploader.port = server.port
        uploader.write_roster(A, B, C)
        yield uploader


def count_changes(outcome: Outcome) -> dict[str, object]:
    """Return the number of contacts for each kind of change that occurs in the plan."""
    summary = outcome.plan.summary()
    return {
        kind: summary[kind] for kind in ("added", "changed", "moved", "removed") if summary[kind]
    }


def changed_and_uploaded(outcome: Outcome) -> tuple[bool, bool]:
    """Return whether anything changed, and whether the service accepted the complete roster.

    In check mode, a roster that would be sent counts as accepted.
    """
    return outcome.changed, outcome.uploaded


def read_stored_state(uploader: Uploader) -> State:
    """Return the content of receipt.json."""
    return parse_state(uploader.state_files()["receipt.json"], "receipt.json")


def has_complete_receipt(uploader: Uploader) -> bool:
    """Return whether the service is known to have exactly the last accepted roster."""
    return read_stored_state(uploader).is_settled

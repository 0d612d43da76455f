# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One roster, one state directory, one service on this host's loopback."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._module.files import (
    ids_path,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload import (
    Outcome,
    upload,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_options import (
    parse_upload_options,
    upload_spec,
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
REFUSED = (
    b'{"counts": {"added": 0}, "errors": [{"row": 2, "column": "Email", "error": "b@x again"}]}'
)
"""The body of an answer that refuses the second row."""

COUNTS = {"counts": "counts", "errors": "errors"}


class Sync:
    """One roster, one state directory, one service."""

    def __init__(self, folder: Path, port: int) -> None:
        self.src = folder / "contacts.csv"
        self.state = folder / "state"
        self.answers: list[bytes] = []
        """What is answered first."""
        self.answer = plain("200 OK", b'{"counts": {"added": 1}, "errors": []}')
        self.sent: list[bytes] = []
        self.port = port

    def serve(self, request: Request, write: Write) -> None:
        """Answer one request."""
        self.sent.append(request.body)
        write(self.answers.pop(0) if self.answers else self.answer)

    def people(self, *rows: tuple[str, ...], identities: str | None = None) -> None:
        """Write the roster; a person's identity is the small letter of the name."""
        names = identities or "".join(row[0].lower() for row in rows)
        data = csv_bytes(rows)
        self.src.write_bytes(data)
        ids_path(self.src).write_bytes(ids_bytes(data, names))

    def run(self, *, check_mode: bool = False, **given: Any) -> Outcome:
        """Upload it."""
        options: dict[str, Any] = {
            "src": str(self.src),
            "url": f"http://127.0.0.1:{self.port}/c?list=secret",
            "token": "t0ken",
            "state_dir": str(self.state),
            "key": ["Email"],
            "result": COUNTS,
            "retries": 0,
        }
        spec = upload_spec()
        options.update(given)
        if options["result"] is not None:
            options["result"] = complete_params(spec["result"]["options"], **options["result"])
        job = parse_upload_options(complete_params(spec, **options))
        return upload(job, check_mode, with_diff=True)

    def files(self) -> dict[str, bytes]:
        """What the state directory holds."""
        return {path.name: path.read_bytes() for path in self.state.glob("*")}


@contextlib.contextmanager
def running_sync(folder: Path) -> Iterator[Sync]:
    """Start the service and write a roster of three people."""
    made = Sync(folder, 0)
    with http_server(made.serve) as server:
        made.port = server.port
        made.people(A, B, C)
        yield made


def kinds(outcome: Outcome) -> dict[str, object]:
    """How many contacts of each kind a plan changes; nothing for none."""
    summary = outcome.plan.summary()
    return {
        kind: summary[kind] for kind in ("added", "changed", "moved", "removed") if summary[kind]
    }


def did(outcome: Outcome) -> tuple[bool, bool]:
    """Whether anything changed, and whether anything was sent."""
    return outcome.changed, outcome.uploaded


def is_complete(sync: Sync) -> bool:
    """Whether the receipt says that the service has its roster and nothing else."""
    return bool(json.loads(sync.files()["receipt.json"])["complete"])

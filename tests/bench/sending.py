# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measurement of the step of contact_upload that sends a roster, in comparison with curl."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.collection import run_python, working_directory
from tests.bench.limits import Figure, limit_memory, limit_time
from tests.bench.measure import ClientError, Cost, compare_costs, measure_command
from tests.bench.service import Service, discarding_service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.authority import Authority

_SCRIPT = Path(__file__).parent / "scripts/send_roster.py"
_TIME_FACTOR = 1.5
_MAX_MIB = 60
_MEGABYTE = 1_000_000
_LINES_PER_WRITE = 1000
_MAX_FORM_BYTES = 1000
"""Maximum number of bytes of a form in addition to the file."""


def bench_sending(megabytes: int, rounds: int, issuer: Authority) -> list[Figure]:
    """Measure sending a roster as a form and as a raw body, and print a table of the costs for each.

    :param megabytes: size of the roster in units of 1,000,000 bytes.
    :param rounds: number of measured runs.
    :raises ClientError: if a client fails, or if the service received another number of bytes than expected.
    """
    with working_directory() as folder, discarding_service(issuer) as service:
        roster = folder / "roster.csv"
        _write_roster(roster, megabytes * _MEGABYTE)
        figures = []
        for body_format in ("multipart", "raw"):
            print(f"\nRoster of {megabytes} MB, sent over TLS as {body_format} body", flush=True)
            figures += _compare_with_curl(Transfer(folder, service, roster, body_format), rounds)
        return figures


@dataclass(frozen=True)
class Transfer:
    """A roster to send, and the format of the request body.

    :ivar folder: a directory from `working_directory`.
    :ivar service: the service that receives the roster.
    :ivar roster: the file to send.
    :ivar body_format: ``multipart`` or ``raw``.
    """

    folder: Path
    service: Service
    roster: Path
    body_format: str

    def run_curl(self) -> Cost:
        """Send the roster with curl.

        The option --data-binary would read the whole file into memory first, so a raw body is sent with the faster
        option --upload-file.
        """
        media_type = "text/csv; charset=utf-8"
        body = ["--form", f"file=@{self.roster};type={media_type}"]
        if self.body_format == "raw":
            body = ["--request", "POST", "--header", f"Content-Type: {media_type}"]
            body += ["--upload-file", str(self.roster)]
        # --disable: do not read the configuration file of the user.
        command = ["curl", "--disable", "--fail", "--silent", "--show-error", "--noproxy", "*"]
        command += ["--cacert", str(self.service.ca_file), *body, self.service.url]
        cost = measure_command(command, self.folder, output=self._output)
        self._check_received(json.loads(self._output.read_bytes()))
        return cost

    def run_send_file(self) -> Cost:
        """Send the roster with the function of contact_upload, and return the cost of the whole process."""
        arguments = [self.service.url, str(self.service.ca_file), str(self.roster)]
        return run_python(
            [str(_SCRIPT), *arguments, self.body_format], self.folder, output=self._output
        )

    def last_send_step(self) -> Cost:
        """Return the cost of sending, without the start of Python and the imports, in the last `run_send_file`."""
        step = json.loads(self._output.read_bytes())
        self._check_received(step["response"])
        return Cost(step["wall"], step["cpu"], step["peak_mib"])

    @property
    def _output(self) -> Path:
        return self.folder / "output"

    def _check_received(self, document: Mapping[str, int]) -> None:
        """Check the size of the received body.

        :raises ClientError: if the body cannot have contained the whole roster in the format.
        """
        overhead = document["received"] - self.roster.stat().st_size
        expected = range(1) if self.body_format == "raw" else range(1, _MAX_FORM_BYTES)
        if overhead not in expected:
            raise ClientError(f"The service received {overhead} bytes more than the roster has")


def _compare_with_curl(transfer: Transfer, rounds: int) -> list[Figure]:
    """Measure both clients alternately, and compare the send step with the whole process of curl."""
    # Compile the imported files.
    transfer.run_send_file()
    clients = [
        ("curl", transfer.run_curl),
        ("contact_upload, whole process", transfer.run_send_file),
        ("contact_upload, send step", transfer.last_send_step),
    ]
    curl, _process, step = compare_costs(clients, rounds)
    return [
        limit_time(f"send step, {transfer.body_format} / curl", step, curl, _TIME_FACTOR),
        limit_memory(f"send step, {transfer.body_format}, peak memory", step, _MAX_MIB),
    ]


def _write_roster(path: Path, size: int) -> None:
    """Write a CSV file with distinct rows, of at least the given size in bytes."""
    with path.open("wb") as file:
        file.write(b"First Name,Last Name,Email,SMS Phone,Location\r\n")
        for start in itertools.count(step=_LINES_PER_WRITE):
            if file.tell() >= size:
                return
            numbers = range(start, start + _LINES_PER_WRITE)
            lines = (
                f"Anna,Lie,person.{n}@fjord.test,+479{n:07d},site-{n % 20:02d}\r\n" for n in numbers
            )
            file.write("".join(lines).encode())

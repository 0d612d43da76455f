# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTPS service to which the benchmark sends rosters."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.process_supervisor import ProcessSupervisor, SupervisorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.authority import Authority

_SCRIPT = Path(__file__).parent / "scripts/discarding_service.py"
_LOG = "service.log"
_START_SECONDS = 30.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Service:
    """A running service.

    :ivar url: URL for uploads.
    :ivar ca_file: certificate of the authority that issued the service's certificate.
    """

    url: str
    ca_file: Path


@contextlib.contextmanager
def discarding_service(issuer: Authority) -> Iterator[Service]:
    """Run a service that discards the bodies of requests in a separate process on a free port of 127.0.0.1.

    :raises SupervisorError: if the service does not start.
    """
    certificate = issuer.issue("localhost", "127.0.0.1")
    command = [sys.executable, "-I", str(_SCRIPT)]
    command += [str(certificate.cert_file), str(certificate.key_file)]
    with ProcessSupervisor() as supervisor:
        pid = supervisor.start(command, log=_LOG)
        yield Service(f"https://localhost:{_wait_for_port(supervisor, pid)}/", issuer.ca_file)


def _wait_for_port(supervisor: ProcessSupervisor, pid: int) -> int:
    """Wait until the service has printed its port, and return the port."""
    deadline = time.monotonic() + _START_SECONDS
    log = supervisor.directory / _LOG
    while time.monotonic() < deadline and supervisor.is_running(pid):
        text = log.read_text(encoding="utf-8")
        if text.endswith("\n"):
            return int(text.splitlines()[0])
        time.sleep(_POLL_SECONDS)
    raise SupervisorError(f"The service did not start:\n{supervisor.tail(_LOG)}")

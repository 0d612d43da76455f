# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Context shared by all steps of the demo."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo.expectations import ExpectationError

if TYPE_CHECKING:
    from pathlib import Path

    from demo.contact_rows import Row
    from demo.expectations import Expectations
    from demo.playbook import Ansible, PlaybookRun
    from demo.screen import Screen
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver


@dataclass(kw_only=True)
class DemoContext:
    """The company, its servers, the installed collection, and the contacts that the service should have."""

    screen: Screen
    expect: Expectations
    company: Company
    directory: RunningDirectory
    service: Receiver
    ansible: Ansible
    state: Path
    """State directory of the role."""
    expected_contacts: set[Row] = field(default_factory=set)

    def run_successfully(self, *arguments: str, playbook: str = "sync") -> PlaybookRun:
        """Run a playbook of the collection, which must succeed.

        :param arguments: additional command-line arguments.
        :param playbook: name of the playbook in the collection.
        :raises ExpectationError: if the playbook or one of its tasks fails.
        """
        run = self.ansible.run(playbook, *arguments)
        if run.status != 0 or run.failures:
            raise ExpectationError(f"the playbook failed with status {run.status}:\n{run.output}")
        self.expect.met += 1
        return run

    def run_expecting_failure(self, module: str, *parts: str) -> PlaybookRun:
        """Run the sync, which must fail in a module.

        The run must send no request to the service, and must not change the state directory, with one exception: if
        the upload must fail, the export has already written a new roster to the state directory.

        :param module: module that must fail.
        :param parts: strings that its error message must contain.
        :raises ExpectationError: if the run succeeds, fails elsewhere, reports a different error, sends a request or
            changes something.
        """
        state, requests = self.state_digests(), self.service.requests
        run = self.ansible.run("sync")
        if run.status == 0 or len(run.failures) != 1:
            raise ExpectationError(
                f"the playbook should have failed in one task, but exited with status {run.status}:\n{run.output}"
            )
        [(action, message)] = run.failures
        self.expect.equal("failed module", action, f"frontdesk.contacts.{module}")
        self.expect.contains("error message", message, *parts)
        self.screen.fact("error", message)
        self.expect_no_requests(requests)
        new_state = self.state_digests()
        if module == "contact_upload":
            state, new_state = (
                {name: digest for name, digest in files.items() if "contacts.csv" not in name}
                for files in (state, new_state)
            )
        self.expect.equal("files in the state directory", new_state, state)
        return run

    def expect_no_requests(self, requests: int) -> None:
        """Expect that the service received no further requests and still has the same contacts.

        :param requests: number of requests that the service had received before.
        :raises ExpectationError: if it received another request or has other contacts.
        """
        self.expect.equal("requests received by the service", self.service.requests, requests)
        self.expect_service_contacts()

    def expect_service_contacts(self) -> None:
        """Expect that the service has exactly the expected contacts.

        :raises ExpectationError: if it has other contacts.
        """
        rows = (tuple(contact.values()) for contact in self.service.contacts)
        self.expect.same_rows("contacts of the service", rows, self.expected_contacts)

    def state_digests(self) -> dict[str, str]:
        """Return the SHA-256 digests of the files in the state directory by file name."""
        files = (path for path in self.state.rglob("*") if path.is_file())
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def describe_service_contacts(self) -> str:
        """Return the number of contacts that the service has, in total and by location."""
        locations = [contact["Location"] for contact in self.service.contacts]
        parts = [f"{location} {locations.count(location)}" for location in sorted(set(locations))]
        return f"{len(locations)} contacts ({', '.join(parts)})"

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every step of the day works with."""

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
    """The company, its servers, the collection, and what the service is expected to know."""

    screen: Screen
    expect: Expectations
    company: Company
    directory: RunningDirectory
    service: Receiver
    ansible: Ansible
    state: Path
    expected_contacts: set[Row] = field(default_factory=set)

    def run_successfully(self, *arguments: str, playbook: str = "sync") -> PlaybookRun:
        """Run the sync, or another playbook, which has to end well.

        :raises ExpectationError: it fails.
        """
        run = self.ansible.run(playbook, *arguments)
        if run.code != 0 or run.failures:
            raise ExpectationError(
                f"a run that ends with 0; it ended with {run.code}:\n{run.output}"
            )
        self.expect.met += 1
        return run

    def run_expecting_failure(self, module: str, *parts: str) -> PlaybookRun:
        """Run the sync, which has to stop in a module with a message that holds some parts.

        State, roster and service have to stay as they were, but for the roster when it is the
        upload that stops: then the roster is newer than what the service has.

        :raises ExpectationError: something else happens.
        """
        state, requests = self.state_digests(), self.service.requests
        run = self.ansible.run("sync")
        if run.code == 0 or len(run.failures) != 1:
            raise ExpectationError(f"a run that stops; it ended with {run.code}:\n{run.output}")
        [(action, message)] = run.failures
        self.expect.equal("where the run stops", action, f"frontdesk.contacts.{module}")
        self.expect.contains("why the run stops", message, *parts)
        self.screen.fact("stopped", message)
        self.expect_no_requests(requests)
        kept = self.state_digests()
        if module == "contact_upload":
            state, kept = (
                {name: digest for name, digest in files.items() if "contacts.csv" not in name}
                for files in (state, kept)
            )
        self.expect.equal("files in the state directory", kept, state)
        return run

    def expect_no_requests(self, requests: int) -> None:
        """Expect that the service got no more requests than it had, and knows the same."""
        self.expect.equal("requests at the service", self.service.requests, requests)
        self.expect_service_contacts()

    def expect_service_contacts(self) -> None:
        """Expect that the service knows exactly whom it should."""
        seen = (tuple(contact.values()) for contact in self.service.contacts)
        self.expect.same_rows("contacts at the service", seen, self.expected_contacts)

    def state_digests(self) -> dict[str, str]:
        """Return the files of the state directory and a digest of each."""
        files = (path for path in self.state.rglob("*") if path.is_file())
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def describe_service_contacts(self) -> str:
        """Say how many contacts the service has at each location."""
        locations = [contact["Location"] for contact in self.service.contacts]
        parts = [f"{location} {locations.count(location)}" for location in sorted(set(locations))]
        return f"{len(locations)} contacts: {', '.join(parts)}"

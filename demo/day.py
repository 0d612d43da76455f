# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every step of the day works with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo.checks import UnmetError

if TYPE_CHECKING:
    from pathlib import Path

    from demo.checks import Checks
    from demo.people import Row
    from demo.playbook import Ansible, Run
    from demo.screen import Screen
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver


@dataclass(kw_only=True)
class Day:
    """The company, its servers, the collection, and what the service is expected to know."""

    screen: Screen
    checks: Checks
    company: Company
    directory: RunningDirectory
    service: Receiver
    ansible: Ansible
    state: Path
    known: set[Row] = field(default_factory=set)

    def good_run(self, *arguments: str, playbook: str = "sync") -> Run:
        """Run the sync, or another playbook, which has to end well.

        :raises UnmetError: it fails.
        """
        run = self.ansible.run(playbook, *arguments)
        if run.code != 0 or run.failures:
            raise UnmetError(f"a run that ends with 0; it ended with {run.code}:\n{run.output}")
        self.checks.met += 1
        return run

    def stopped_run(self, module: str, *parts: str) -> Run:
        """Run the sync, which has to stop in a module with a message that holds some parts.

        State, roster and service have to stay as they were, but for the roster when it is the
        upload that stops: then the roster is newer than what the service has.

        :raises UnmetError: something else happens.
        """
        state, requests = self.stored(), self.service.requests
        run = self.ansible.run("sync")
        if run.code == 0 or len(run.failures) != 1:
            raise UnmetError(f"a run that stops; it ended with {run.code}:\n{run.output}")
        [(action, message)] = run.failures
        self.checks.equal("where the run stops", action, f"frontdesk.contacts.{module}")
        self.checks.holds("why the run stops", message, *parts)
        self.screen.fact("stopped", message)
        self.expect_silence(requests)
        kept = self.stored()
        if module == "contact_upload":
            state, kept = (
                {name: digest for name, digest in files.items() if "contacts.csv" not in name}
                for files in (state, kept)
            )
        self.checks.equal("files in the state directory", kept, state)
        return run

    def expect_silence(self, requests: int) -> None:
        """Expect that the service got no more requests than it had, and knows the same."""
        self.checks.equal("requests at the service", self.service.requests, requests)
        self.expect_known()

    def expect_known(self) -> None:
        """Expect that the service knows exactly whom it should."""
        seen = (tuple(contact.values()) for contact in self.service.contacts)
        self.checks.same_rows("contacts at the service", seen, self.known)

    def stored(self) -> dict[str, str]:
        """Return the files of the state directory and a digest of each."""
        files = (path for path in self.state.rglob("*") if path.is_file())
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def counts_at_service(self) -> str:
        """Say how many contacts the service has at each location."""
        places = [contact["Location"] for contact in self.service.contacts]
        parts = [f"{place} {places.count(place)}" for place in sorted(set(places))]
        return f"{len(places)} contacts: {', '.join(parts)}"

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every playbook of this folder, and the collection's own."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.options import role_variables
from tests.integration.support.place import Place, mode_of
from tests.integration.support.playbooks import PLAYBOOKS, Inventory, Run, run_playbook
from tests.lab.receiver import Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

OWN = "frontdesk.contacts.sync"
NAMES = [OWN, *sorted(path.stem for path in PLAYBOOKS.glob("*.yml"))]
DEFAULTS = "test_module_defaults_count_for_what_the_roles_variables_leave_out"
CHECK, REAL = ("--check",), ()
STEPS: dict[str, list[tuple[str, ...]]] = {
    OWN: [CHECK, REAL],
    "modules": [CHECK, REAL, REAL],
    "module_defaults": [CHECK],
    "role_three_times_in_one_play": [REAL],
}
"""What a playbook adds to the one before it decides how often it has to be run."""
# What a module was given. Before ansible-core 2.21, this alone showed it.
SHOW_OPTIONS = {"ANSIBLE_VERBOSITY": "3", "ANSIBLE_INJECT_INVOCATION": "true"}

OWN_COLUMNS = {
    "columns": [
        {"header": "Name", "required": True},
        {"header": "Office", "required": True},
        {"header": "Phone", "max_length": 20},
        {"header": "Address", "unique": True, "required_unless": "Phone"},
    ],
    "key": ["Address", "Phone"],
    "location_column": "Office",
}


@dataclass(frozen=True)
class Step:
    """One run, and what it left behind.

    :ivar in_check_mode: whether it was only to look.
    :ivar files: what lay in the place afterwards.
    :ivar requests: how many requests each service had had by then.
    :ivar uploads: how many uploads each had accepted.
    """

    run: Run
    in_check_mode: bool
    files: dict[str, bytes]
    requests: list[int]
    uploads: list[int]


@dataclass(frozen=True)
class Scenario:
    """One playbook with all that it works on."""

    name: str
    place: Place
    inventory: Inventory
    services: tuple[Receiver, ...]

    def steps(self) -> list[Step]:
        """Run it as often as it needs."""
        return [self._step(*arguments) for arguments in STEPS[self.name]]

    def _step(self, *arguments: str) -> Step:
        run = run_playbook(self.place, self.name, self.inventory, *arguments, env=SHOW_OPTIONS)
        return Step(
            run,
            arguments == CHECK,
            self.place.files(),
            [service.requests for service in self.services],
            [service.uploads for service in self.services],
        )


Running = dict[str, tuple[Scenario, Future[list[Step]]]]


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    collections: Path,
    issuer: Authority,
    active_directory: RunningDirectory,
) -> Iterator[Running]:
    """All playbooks that were asked for, as many at a time as there are processors."""
    tests = {item.name for item in request.session.items}
    wanted = {name.partition("[")[2].rstrip("]") for name in tests}
    if DEFAULTS in tests:
        wanted.add("module_defaults")
    with ThreadPoolExecutor(os.cpu_count()) as pool, ExitStack() as stack:
        started = {}
        for name in NAMES:
            if name in wanted:
                place = Place.make(tmp_path_factory.mktemp("playbook") / "place", collections)
                made = _scenario(name, place, active_directory, issuer, stack)
                started[name] = (made, pool.submit(made.steps))
        yield started
        for _made, steps in started.values():
            steps.cancel()


def _scenario(
    name: str, place: Place, directory: RunningDirectory, issuer: Authority, stack: ExitStack
) -> Scenario:
    sites = directory.company.sites
    locations = [site.location for site in sites]
    services = [stack.enter_context(receiver(issuer, locations=locations))]
    variables = role_variables(directory, services[0], place)
    if name == "role_three_times_in_one_play":
        rules: dict[str, Any] = {"profile": OWN_COLUMNS, "location_header": "Office"}
        for account, more in (("coast", rules), ("everywhere", {})):
            service = stack.enter_context(receiver(issuer, locations=locations, **more))
            services.append(service)
            variables[f"{account}_url"], variables[f"{account}_token"] = service.url, service.token
            variables[f"{account}_state_dir"] = str(place.root / account)
    groups: dict[str, dict[str, dict[str, Any]]] = {}
    if name == OWN:
        # In this way the locations come from the inventory.
        variables["contact_sync_locations_group"] = "sites"
        groups["sites"] = {
            f"site{number}": {
                "contact_sync_location": location["location"],
                "contact_sync_ou": location["ou"],
            }
            for number, location in enumerate(variables.pop("contact_sync_locations"))
        }
    if name == "module_defaults":
        given = directory.ca_file
        del variables["contact_sync_ca_path"], variables["contact_sync_service_ca_path"]
        # Another spelling, by which the same file is known again.
        variables["authority"] = f"{given.parent}/./{given.name}"
    return Scenario(name, place, Inventory(variables, groups), tuple(services))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.every_core] if name == OWN else []) for name in NAMES],
)
def test_playbook(name: str, running: Running, fjord: Company) -> None:
    scenario, result = running[name]
    steps = result.result()
    number = len(scenario.services)
    done: Step | None = None
    for step in steps:
        step.run.check()
        if done is not None:
            # Nothing is left to do.
            assert [plan["unchanged"] for plan in step.run.plans] == people(name, fjord)
            assert (step.run.changed, step.files) == (0, done.files)
            assert step.requests == [1] * number
            continue
        assert [plan["added"] for plan in step.run.plans] == people(name, fjord)
        assert step.run.changed == steps[0].run.changed > 0
        if step.in_check_mode:
            # It leaves nothing, not even the folders of a host that never ran it.
            assert set(step.files) == {"inventory.yml"}
            assert step.requests == [0] * number
        else:
            done = step
            assert step.uploads == step.requests == [1] * number
            assert mode_of(scenario.place.state) == 0o700
            assert {mode_of(scenario.place.root / path) for path in step.files} == {0o600}
    assert not list(scenario.place.temporary.iterdir())


def test_module_defaults_count_for_what_the_roles_variables_leave_out(
    running: Running, active_directory: RunningDirectory
) -> None:
    scenario, result = running["module_defaults"]
    exported, uploaded = (
        result.result()[0].run.returned(module)["localhost"]["invocation"]["module_args"]
        for module in ("ad_contacts_export", "contact_upload")
    )
    # Of the group, of the module by its name, of the role.
    assert exported["ca_path"] == scenario.inventory.variables["authority"]
    assert (exported["page_size"], uploaded["timeout"]) == (7, 71)
    assert exported["connection_timeout"] == 5
    assert uploaded["ca_path"] == str(active_directory.ca_file)


def people(name: str, fjord: Company) -> list[int]:
    """How many contacts each upload of a playbook adds."""
    at = {site.location: len(fjord.at(site)) for site in fjord.sites}
    # Somebody in Tromsø has neither mail nor mobile, but a telephone.
    everybody = sum(at.values()) - 1
    if name == "role_three_times_in_one_play":
        return [at["oslo-hq"], at["bergen"] + at["tromso"], everybody]
    return [everybody]

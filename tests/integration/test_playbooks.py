# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook frontdesk.contacts.sync, and all playbooks in tests/integration/playbooks/."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import PLAYBOOKS, Inventory, PlaybookRun, run_playbook
from tests.integration.support.workspace import Workspace, file_mode
from tests.lab.receiver import Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

SYNC = "frontdesk.contacts.sync"
PLAYBOOK_NAMES = [SYNC, *sorted(path.stem for path in PLAYBOOKS.glob("*.yml"))]
MODULE_DEFAULTS_TEST = "test_module_defaults_apply_to_options_that_the_role_does_not_set"
CHECK_RUN, REAL_RUN = ("--check",), ()
RUNS: dict[str, list[tuple[str, ...]]] = {
    SYNC: [CHECK_RUN, REAL_RUN],
    "modules": [CHECK_RUN, REAL_RUN, REAL_RUN],
    "module_defaults": [CHECK_RUN],
    "role_three_times_in_one_play": [REAL_RUN],
}
"""The arguments of each run, by playbook. Runs that would only repeat what other playbooks cover are omitted."""
# Include the options of modules in their results. Before ansible-core 2.21, the verbosity is sufficient.
SHOW_OPTIONS = {"ANSIBLE_VERBOSITY": "3", "ANSIBLE_INJECT_INVOCATION": "true"}

CUSTOM_PROFILE = {
    "columns": [
        {"header": "Name", "required": True},
        {"header": "Office", "required": True},
        {"header": "Phone", "max_length": 20},
        {"header": "Address", "unique": True, "required_unless": "Phone"},
    ],
    "key": ["Address", "Phone"],
    "location_column": "Office",
}


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """A finished run of a playbook, and the state after the run.

    :ivar check_mode: whether the run was in check mode.
    :ivar files: contents of the files in the workspace, by relative path.
    :ivar requests: number of requests that each service has received so far.
    :ivar uploads: number of uploads that each service has accepted so far.
    """

    run: PlaybookRun
    check_mode: bool
    files: dict[str, bytes]
    requests: list[int]
    uploads: list[int]


@dataclass(frozen=True)
class Scenario:
    """A playbook with its workspace, inventory and services."""

    name: str
    workspace: Workspace
    inventory: Inventory
    services: tuple[Receiver, ...]

    def run_all(self) -> list[FinishedRun]:
        """Run the playbook with each set of arguments in RUNS."""
        return [self._run_once(*arguments) for arguments in RUNS[self.name]]

    def _run_once(self, *arguments: str) -> FinishedRun:
        # After the first upload, contact_sync_initial=true has no effect and would cause a warning.
        is_first = not self.workspace.state_dir.exists()
        extra = ("-e", f"contact_sync_initial={is_first}")
        run = run_playbook(
            self.workspace, self.name, self.inventory, *arguments, *extra, env=SHOW_OPTIONS
        )
        return FinishedRun(
            run=run,
            check_mode=arguments == CHECK_RUN,
            files=self.workspace.files(),
            requests=[service.requests for service in self.services],
            uploads=[service.uploads for service in self.services],
        )


StartedScenarios = dict[str, tuple[Scenario, Future[list[FinishedRun]]]]


@pytest.fixture(scope="module")
def started_scenarios(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    collections_path: Path,
    ca: Authority,
    active_directory: RunningDirectory,
) -> Iterator[StartedScenarios]:
    """The scenario of each playbook that the selected tests need, with a `Future` of its runs, by playbook name.

    The playbooks run in parallel, but at most one per CPU.
    """
    tests = {item.name for item in request.session.items}
    requested = {name.partition("[")[2].rstrip("]") for name in tests}
    if MODULE_DEFAULTS_TEST in tests:
        requested.add("module_defaults")
    with ThreadPoolExecutor(os.cpu_count()) as pool, ExitStack() as stack:
        started = {}
        for name in PLAYBOOK_NAMES:
            if name in requested:
                workspace = Workspace.create(
                    tmp_path_factory.mktemp("playbook") / "work", collections_path
                )
                scenario = _make_scenario(name, workspace, active_directory, ca, stack)
                started[name] = (scenario, pool.submit(scenario.run_all))
        yield started
        for _scenario, future in started.values():
            future.cancel()


def _make_scenario(
    name: str, workspace: Workspace, directory: RunningDirectory, ca: Authority, stack: ExitStack
) -> Scenario:
    sites = directory.company.sites
    locations = [site.location for site in sites]
    services = [stack.enter_context(receiver(ca, locations=locations))]
    variables = role_variables(directory, services[0], workspace)
    if name == "role_three_times_in_one_play":
        custom_rules: dict[str, Any] = {"profile": CUSTOM_PROFILE}
        for account, rules in (("coast", custom_rules), ("everywhere", {})):
            service = stack.enter_context(receiver(ca, locations=locations, **rules))
            services.append(service)
            variables[f"{account}_url"], variables[f"{account}_token"] = service.url, service.token
            variables[f"{account}_state_dir"] = str(workspace.root / account)
    groups: dict[str, dict[str, dict[str, Any]]] = {}
    if name == SYNC:
        # The locations come from a group in the inventory.
        variables["contact_sync_locations_group"] = "sites"
        groups["sites"] = {
            f"site{index}": {
                "contact_sync_location": location["location"],
                "contact_sync_ou": location["ou"],
            }
            for index, location in enumerate(variables.pop("contact_sync_locations"))
        }
    if name == "module_defaults":
        ca_file = directory.ca_file
        del variables["contact_sync_ca_path"], variables["contact_sync_service_ca_path"]
        # This spelling of the path shows whether a value comes from the defaults.
        variables["authority"] = f"{ca_file.parent}/./{ca_file.name}"
    return Scenario(name, workspace, Inventory(variables, groups), tuple(services))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.every_core] if name == SYNC else [])
        for name in PLAYBOOK_NAMES
    ],
)
def test_check_mode_changes_nothing_and_a_second_run_is_idempotent(
    name: str, started_scenarios: StartedScenarios, company: Company
) -> None:
    scenario, future = started_scenarios[name]
    runs = future.result()
    service_count = len(scenario.services)
    first_real_run: FinishedRun | None = None
    for finished_run in runs:
        finished_run.run.assert_clean()
        if first_real_run is not None:
            # A later run changes nothing.
            assert [plan["unchanged"] for plan in finished_run.run.plans] == expected_counts(
                name, company
            )
            assert (finished_run.run.changed, finished_run.files) == (0, first_real_run.files)
            assert finished_run.requests == [1] * service_count
            continue
        assert [plan["added"] for plan in finished_run.run.plans] == expected_counts(name, company)
        assert finished_run.run.changed == runs[0].run.changed > 0
        if finished_run.check_mode:
            # Check mode creates no files, not even on a first run.
            assert set(finished_run.files) == {"inventory.yml"}
            assert finished_run.requests == [0] * service_count
        else:
            first_real_run = finished_run
            assert finished_run.uploads == finished_run.requests == [1] * service_count
            assert file_mode(scenario.workspace.state_dir) == 0o700
            assert {file_mode(scenario.workspace.root / path) for path in finished_run.files} == {
                0o600
            }
    assert not list(scenario.workspace.temp_dir.iterdir())


def test_module_defaults_apply_to_options_that_the_role_does_not_set(
    started_scenarios: StartedScenarios, active_directory: RunningDirectory
) -> None:
    scenario, future = started_scenarios["module_defaults"]
    exported, uploaded = (
        future.result()[0].run.module_results(module)["localhost"]["invocation"]["module_args"]
        for module in ("ad_contacts_export", "contact_upload")
    )
    # The values come from the defaults of the action group, the defaults of the modules, and the role, in this order.
    assert exported["ca_path"] == scenario.inventory.variables["authority"]
    assert (exported["page_size"], uploaded["timeout"]) == (7, 71)
    assert exported["connection_timeout"] == 5
    assert uploaded["ca_path"] == str(active_directory.ca_file)


def expected_counts(name: str, company: Company) -> list[int]:
    """Return the number of contacts that each upload of a playbook adds."""
    counts = {site.location: len(company.at(site)) for site in company.sites}
    # Company.unreachable has no valid row.
    total = sum(counts.values()) - 1
    if name == "role_three_times_in_one_play":
        return [counts["oslo-hq"], counts["bergen"] + counts["tromso"], total]
    return [total]

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the servers, run the steps of the demo, and stop the servers."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from demo.context import DemoContext
from demo.expectations import ExpectationError, Expectations
from demo.playbook import Ansible, ProgramError
from demo.screen import Screen, Stopwatch
from demo.steps import STEPS
from tests.lab.authority import authority
from tests.lab.company import build_company
from tests.lab.directory import NotReadyError
from tests.lab.openldap import openldap
from tests.lab.process_supervisor import ProcessSupervisor, SupervisorError
from tests.lab.receiver import receiver
from tests.lab.samba import can_run_samba, samba

if TYPE_CHECKING:
    from types import FrameType

    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

_DIRECTORIES = {"samba": samba, "openldap": openldap}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run the demo, and return 0 if all expectations are met, else 1."""
    arguments = _arguments()
    screen = Screen(verbose=arguments.verbose)
    for number in _SIGNALS:
        signal.signal(number, _exit_on_signal)
    stopwatch = Stopwatch()
    try:
        with contextlib.ExitStack() as stack:
            context = _set_up(arguments.directory, screen, stack)
            for step in STEPS:
                step(context)
    except ExpectationError as error:
        screen.error(f"Check failed: {error}")
        return 1
    except (ProgramError, SupervisorError, NotReadyError) as error:
        screen.error(str(error))
        return 1
    except SystemExit:
        screen.error("Interrupted. All servers and programs were stopped.")
        raise
    screen.success(_summary(context, stopwatch.seconds))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make demo", description="Sync the contacts of a test company."
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        default=bool(os.environ.get("DEMO_VERBOSE")),
        help="print the complete output of Ansible (same as DEMO_VERBOSE=1)",
    )
    parser.add_argument(
        "--directory",
        choices=_DIRECTORIES,
        default="samba" if can_run_samba() else "openldap",
        help="directory server (default: samba if the current user can run it, else openldap)",
    )
    return parser.parse_args()


def _exit_on_signal(number: int, frame: FrameType | None) -> NoReturn:
    """Raise SystemExit so that the context managers clean up, and ignore further signals meanwhile."""
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def _set_up(kind: str, screen: Screen, stack: contextlib.ExitStack) -> DemoContext:
    """Start the servers, install the collection, and print an overview."""
    screen.heading("Demo of frontdesk.contacts with real servers and real playbook runs")
    if kind == "openldap":
        screen.text(
            "This demo uses OpenLDAP. Samba AD requires root permissions or user namespaces."
        )
    company = build_company()
    issuer = stack.enter_context(authority())
    directory = stack.enter_context(_DIRECTORIES[kind](company, issuer))
    screen.fact(
        "directory", f"{'Samba AD' if kind == 'samba' else 'OpenLDAP'} at {directory.uri_ldaps}"
    )
    locations = [site.location for site in company.sites]
    service = stack.enter_context(receiver(issuer, locations=locations))
    screen.fact(
        "service", f"test service at {service.url}, with the rules of the receptionist profile"
    )
    working_directory = stack.enter_context(ProcessSupervisor()).directory
    secrets = {"FRONTDESK_BIND_PW": directory.bind_pw, "FRONTDESK_TOKEN": service.token}
    ansible = Ansible(working_directory, screen, secrets)
    version = ansible.install_collection()
    screen.fact(
        "collection", f"frontdesk.contacts {version}, built from this checkout and installed"
    )
    state = working_directory / "state"
    ansible.write_variables(_variables(directory, service, str(state)))
    return DemoContext(
        screen=screen,
        expect=Expectations(),
        company=company,
        directory=directory,
        service=service,
        ansible=ansible,
        state=state,
    )


def _variables(directory: RunningDirectory, service: Receiver, state: str) -> dict[str, object]:
    """Return the variables that depend on the servers and the working directory.

    All other settings are in group_vars or, if they are secrets, in environment variables.
    """
    variables: dict[str, object] = {
        "contact_sync_server_uri": [directory.uri_ldaps],
        "contact_sync_ca_path": str(directory.ca_file),
        "contact_sync_service_url": service.url,
        "contact_sync_service_ca_path": str(service.ca_file),
        "contact_sync_state_dir": state,
    }
    if directory.people_filter:
        variables["contact_sync_filter"] = directory.people_filter
    return variables


def _summary(context: DemoContext, seconds: float) -> str:
    uploads, runs = context.service.uploads, context.ansible.runs
    return (
        f"Success: all {context.expect.met} checks passed in {runs} playbook runs and {seconds:.0f} s."
        f" {uploads} runs uploaded contacts, and {runs - uploads} runs correctly sent nothing."
        f" The {context.ansible.searched_characters:,} characters of output contain no passwords or tokens."
    )


if __name__ == "__main__":
    sys.exit(main())

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program: fill a directory, let each client read it in turn, compare their rows, print what they took."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import venv
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.clients import (
    SYSTEM_PYTHON,
    Client,
    CommunityGeneral,
    Export,
    LdapSearch,
    Playbook,
    Script,
)
from tests.bench.large_company import UNITS, large_company
from tests.bench.measure import ClientCosts, ClientError, format_table
from tests.bench.workload import Workload
from tests.lab.authority import authority
from tests.lab.openldap import openldap
from tests.lab.process_supervisor import ProcessSupervisor
from tests.lab.samba import samba

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.lab.authority import Authority

ROOT = Path(__file__).parents[2]
_OPENLDAP_FILTER = "(objectClass=inetOrgPerson)"
_ACTIVE_DIRECTORY_FILTER = "(&(objectCategory=person)(objectClass=user))"


def main() -> int:
    """Run the bench; return 1 when a client failed, or gave other rows than the others."""
    arguments = _arguments()
    print(f"{datetime.now(UTC):%Y-%m-%d}, medians of {arguments.rounds} rounds in turn", flush=True)
    try:
        with authority() as issuer:
            for number in arguments.people:
                _bench_openldap(number, arguments, issuer)
            if arguments.samba:
                _bench_samba(arguments.samba, arguments.rounds, issuer)
    except ClientError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--people",
        type=int,
        nargs="*",
        default=[10_000, 100_000],
        help="in OpenLDAP, for each table",
    )
    parser.add_argument(
        "--samba",
        type=int,
        # A domain controller's ports are below 1024.
        default=10_000 if os.geteuid() == 0 else 0,
        help="people in Samba AD, 0 for none",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--clients", nargs="*", choices=_NAMES, default=_NAMES, help="beside ldapsearch"
    )
    return parser.parse_args(sys.argv[1:] or os.environ.get("BENCH", "").split())


_NAMES = ("export", "playbook", "python-ldap", "ldap3", "community")


def _create_client(name: str) -> Client:
    """Make a client ready to be run."""
    if name == "export":
        return Export()
    if name == "playbook":
        return Playbook()
    if name == "python-ldap":
        return Script("python-ldap + csv", "with_python_ldap.py", SYSTEM_PYTHON, 10_000_000)
    if name == "ldap3":
        return Script("ldap3 as commonly written", "with_ldap3.py", sys.executable, 100_000)
    return CommunityGeneral(_create_ansible_environment())


def _create_ansible_environment() -> Path:
    """Make the environment that has community.general, unless it is there; gives its programs."""
    place = ROOT / ".venv/bench-ansible"
    if not (place / "stamp").exists():
        venv.create(place, clear=True, with_pip=True)
        requirements = ROOT / "tests/requirements/bench-ansible.txt"
        install = (str(place / "bin/pip"), "install", "--quiet", "-r", str(requirements))
        subprocess.run(install, check=True)
        (place / "stamp").touch()
    return place / "bin"


def _bench_openldap(number: int, arguments: argparse.Namespace, issuer: Authority) -> None:
    chosen = [_create_client(name) for name in arguments.clients]
    clients = [client for client in chosen if client.max_people >= number]
    with (
        _working_directory() as folder,
        openldap(large_company(number), issuer, anonymous_reads=True) as directory,
    ):
        workload = Workload(directory, folder, _OPENLDAP_FILTER)
        search = LdapSearch()
        where = f"OpenLDAP, {number} people in {UNITS} units, in clear, anonymously"
        print(f"\n{where}: one search", flush=True)
        compare_clients(
            [(search, workload), *((client, workload) for client in clients)], arguments.rounds
        )
        by_unit = replace(workload, by_unit=True)
        loops = [client for client in clients if client.searches_by_unit]
        print(f"\n{where}: a search for each unit", flush=True)
        compare_clients(
            [(search, by_unit), *((client, by_unit) for client in loops)], arguments.rounds
        )
        if "export" in arguments.clients:
            print("\nOver LDAPS, relative to the same in clear", flush=True)
            over_tls = replace(workload, tls=True)
            compare_clients([(Export(), workload), (Export(), over_tls)], arguments.rounds)


def _bench_samba(number: int, rounds: int, issuer: Authority) -> None:
    with _working_directory() as folder, samba(large_company(number), issuer) as directory:
        workload = Workload(
            directory, folder, _ACTIVE_DIRECTORY_FILTER, tls=True, password=directory.bind_pw
        )
        print(f"\nSamba AD, {number} people in {UNITS} units, over LDAPS", flush=True)
        compare_clients([(LdapSearch(), workload), (Export(), workload)], rounds)


@contextlib.contextmanager
def _working_directory() -> Iterator[Path]:
    """A folder of the bench's own, with the collection as it stands in this checkout."""
    with ProcessSupervisor() as keeper:
        place = keeper.directory / "ansible_collections/frontdesk"
        place.mkdir(parents=True)
        (place / "contacts").symlink_to(ROOT)
        yield keeper.directory


def compare_clients(runs: Sequence[tuple[Client, Workload]], rounds: int) -> None:
    """Let each client read in turn, once to see its rows, and then round by round."""
    expected = None
    for client, workload in runs:
        client.run(workload)
        rows = client.rows(workload)
        if expected is None:
            expected = rows
        if rows != expected:
            raise ClientError(f"{client.name} gave other rows than {runs[0][0].name}")
    print(f"{len(expected or ())} rows, equal from all clients")
    costs = [[client.run(workload) for client, workload in runs] for _round in range(rounds)]
    lines = [
        ClientCosts(client.name + (", LDAPS" if workload.tls else ""), list(taken))
        for (client, workload), taken in zip(runs, zip(*costs, strict=True), strict=True)
    ]
    print(format_table(lines, lines[0]), flush=True)

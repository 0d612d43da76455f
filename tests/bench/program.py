# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the modules ad_contacts_export and contact_upload, and compare their cost with that of other programs.

The benchmark compares ad_contacts_export with other LDAP clients that read a directory, and checks that they return the
same rows. It compares contact_upload with csv.reader and curl, and prints whether the limits for uploads are met.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
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
from tests.bench.collection import ROOT, working_directory
from tests.bench.large_company import UNITS, large_company
from tests.bench.limits import format_limits
from tests.bench.measure import ClientError, compare_costs
from tests.bench.sending import bench_sending
from tests.bench.uploads import bench_uploads
from tests.bench.workload import Workload
from tests.lab.authority import authority
from tests.lab.openldap import openldap
from tests.lab.samba import samba

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.lab.authority import Authority

_OPENLDAP_FILTER = "(objectClass=inetOrgPerson)"
_ACTIVE_DIRECTORY_FILTER = "(&(objectCategory=person)(objectClass=user))"


def main() -> int:
    """Run the benchmark, and return 1 if a client failed or returned another result than expected."""
    arguments = _arguments()
    print(f"{datetime.now(UTC):%Y-%m-%d}; medians; rounds: {arguments.rounds}", flush=True)
    try:
        with authority() as issuer:
            for number in arguments.people:
                _bench_openldap(number, arguments, issuer)
            if arguments.samba:
                _bench_samba(arguments.samba, arguments.rounds, issuer)
            _bench_contact_upload(arguments, issuer)
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
        help="numbers of people in OpenLDAP; all comparisons are repeated for each number; none to skip OpenLDAP",
    )
    parser.add_argument(
        "--samba",
        type=int,
        # Without root permissions, Samba might not be able to use its ports, which are below 1024.
        default=10_000 if os.geteuid() == 0 else 0,
        help="number of people in Samba AD; 0 to skip Samba AD",
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="number of measured runs of each client"
    )
    parser.add_argument(
        "--clients",
        nargs="*",
        choices=_NAMES,
        default=_NAMES,
        help="clients to compare with ldapsearch in OpenLDAP; in Samba AD, only export is compared",
    )
    parser.add_argument(
        "--upload-rows",
        type=int,
        default=1_000_000,
        help="number of rows of the roster for uploads that send nothing; 0 to skip them",
    )
    parser.add_argument(
        "--upload-megabytes",
        type=int,
        default=100,
        help="size of the roster to send, in units of 1000000 bytes; 0 to skip sending",
    )
    return parser.parse_args(sys.argv[1:] or os.environ.get("BENCH", "").split())


_NAMES = ("export", "playbook", "python-ldap", "ldap3", "community")


def _create_client(name: str) -> Client:
    """Create the client that has the given name in the option `--clients`."""
    if name == "export":
        return Export()
    if name == "playbook":
        return Playbook()
    if name == "python-ldap":
        return Script(
            name="python-ldap + csv",
            file="with_python_ldap.py",
            python=SYSTEM_PYTHON,
            max_people=10_000_000,
        )
    if name == "ldap3":
        return Script(
            name="ldap3 as commonly written",
            file="with_ldap3.py",
            python=sys.executable,
            max_people=100_000,
        )
    return CommunityGeneral(_create_ansible_environment())


def _create_ansible_environment() -> Path:
    """Create the virtual environment with community.general if necessary, and return its bin directory."""
    environment = ROOT / ".venv/bench-ansible"
    if not (environment / "stamp").exists():
        venv.create(environment, clear=True, with_pip=True)
        requirements = ROOT / "tests/requirements/bench-ansible.txt"
        install = (str(environment / "bin/pip"), "install", "--quiet", "-r", str(requirements))
        subprocess.run(install, check=True)
        (environment / "stamp").touch()
    return environment / "bin"


def _bench_openldap(number: int, arguments: argparse.Namespace, issuer: Authority) -> None:
    selected = [_create_client(name) for name in arguments.clients]
    clients = [client for client in selected if client.max_people >= number]
    with (
        working_directory() as folder,
        openldap(large_company(number), issuer, anonymous_reads=True) as directory,
    ):
        workload = Workload(directory=directory, folder=folder, filter=_OPENLDAP_FILTER)
        search = LdapSearch()
        title = f"OpenLDAP, {number} people in {UNITS} units, anonymous, without TLS"
        print(f"\n{title}: one search", flush=True)
        compare_clients(
            [(search, workload), *((client, workload) for client in clients)], arguments.rounds
        )
        by_unit = replace(workload, by_unit=True)
        unit_clients = [client for client in clients if client.searches_by_unit]
        print(f"\n{title}: one search per unit", flush=True)
        compare_clients(
            [(search, by_unit), *((client, by_unit) for client in unit_clients)], arguments.rounds
        )
        if "export" in arguments.clients:
            print("\nLDAPS compared with LDAP without TLS", flush=True)
            over_tls = replace(workload, tls=True)
            compare_clients([(Export(), workload), (Export(), over_tls)], arguments.rounds)


def _bench_samba(number: int, rounds: int, issuer: Authority) -> None:
    with working_directory() as folder, samba(large_company(number), issuer) as directory:
        workload = Workload(
            directory=directory,
            folder=folder,
            filter=_ACTIVE_DIRECTORY_FILTER,
            tls=True,
            password=directory.bind_pw,
        )
        print(f"\nSamba AD, {number} people in {UNITS} units, over LDAPS", flush=True)
        compare_clients([(LdapSearch(), workload), (Export(), workload)], rounds)


def _bench_contact_upload(arguments: argparse.Namespace, issuer: Authority) -> None:
    figures = []
    if arguments.upload_rows:
        figures += bench_uploads(arguments.upload_rows, arguments.rounds, issuer)
    if arguments.upload_megabytes:
        figures += bench_sending(arguments.upload_megabytes, arguments.rounds, issuer)
    if figures:
        print(f"\nLimits for contact_upload\n{format_limits(figures)}", flush=True)


def compare_clients(runs: Sequence[tuple[Client, Workload]], rounds: int) -> None:
    """Run the clients alternately, and print a table of their costs.

    The first run of each client is not measured. It is used to compare the rows.

    :param runs: clients with their workloads; the first client is the reference.
    :param rounds: number of measured runs of each client.
    :raises ClientError: if a client fails, or if its rows differ from those of the first client.
    """
    expected = None
    for client, workload in runs:
        client.run(workload)
        rows = client.rows(workload)
        if expected is None:
            expected = rows
        if rows != expected:
            names = f"{_table_name(client, workload)} differ from those of {_table_name(*runs[0])}"
            raise ClientError(f"The rows of {names}")
    print(f"Rows returned by each client: {len(expected or ())}")
    compare_costs(
        [
            (_table_name(client, workload), partial(client.run, workload))
            for client, workload in runs
        ],
        rounds,
    )


def _table_name(client: Client, workload: Workload) -> str:
    return client.name + (", LDAPS" if workload.tls else "")

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The LDAP clients that the benchmark compares."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.collection import run_module
from tests.bench.measure import Cost, measure_command
from tests.bench.rows import Rows, csv_rows, ldif_rows, roster_rows
from tests.bench.workload import ATTRIBUTES, PAGE, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"  # Debian installs python3-ldap only for this Python


class Client:
    """A client that reads people from a directory and writes rows.

    :ivar name: name of the client in the table.
    :ivar max_people: maximum number of people; with more, a run takes too long.
    :ivar searches_by_unit: whether the client is also measured with one search per Organizational Unit.
    """

    name = ""
    max_people = 10_000_000
    searches_by_unit = True

    def run(self, workload: Workload) -> Cost:
        """Read all people once."""
        raise NotImplementedError

    def rows(self, workload: Workload) -> Rows:
        """Return the rows of the last run."""
        raise NotImplementedError


class Export(Client):
    """The module ad_contacts_export in a separate process, without the overhead of Ansible."""

    name = "ad_contacts_export"

    def run(self, workload: Workload) -> Cost:
        """Read all people.

        The roster of the previous run is deleted first, so that the module does not read it.
        """
        _delete_files(workload.folder / "roster.csv", workload.folder / "roster.csv.ids")
        return run_module("ad_contacts_export", workload.export_options(), workload.folder)

    def rows(self, workload: Workload) -> Rows:
        """Return the rows of the roster, each with its identity."""
        return roster_rows(workload)


class Playbook(Export):
    """The module ad_contacts_export in a run of ansible-playbook."""

    name = "ansible-playbook, ad_contacts_export"
    searches_by_unit = False

    def run(self, workload: Workload) -> Cost:
        """Read all people."""
        _delete_files(workload.folder / "roster.csv", workload.folder / "roster.csv.ids")
        export = {"frontdesk.contacts.ad_contacts_export": workload.export_options()}
        return _run_play(workload, Path(sys.executable).parent, sys.executable, [export])


class LdapSearch(Client):
    """OpenLDAP's command-line client, which is written in C.

    `run` discards the output, and `rows` runs the client again.
    """

    name = "ldapsearch"

    def run(self, workload: Workload) -> Cost:
        """Read all people."""
        return self._run(workload, None)

    def rows(self, workload: Workload) -> Rows:
        """Return the rows of an additional run, whose output is kept."""
        output = workload.folder / "people.ldif"
        self._run(workload, output)
        return ldif_rows(workload, output.read_text(encoding="utf-8"))

    def _run(self, workload: Workload, output: Path | None) -> Cost:
        account: tuple[str, ...] = ()
        if workload.password:
            (workload.folder / "password").touch(mode=0o600)
            (workload.folder / "password").write_text(workload.password, encoding="utf-8")
            account = ("-D", workload.directory.bind_dn, "-y", str(workload.folder / "password"))
        search = ("ldapsearch", "-LLL", "-x", "-o", "ldif-wrap=no", "-H", workload.uri, *account)
        selection = ("-E", f"pr={PAGE}/noprompt", workload.filter, *ATTRIBUTES, workload.identity)
        commands = " && ".join(
            shlex.join([*search, "-b", base, *selection]) for base in workload.bases
        )
        command = ("sh", "-c", commands)
        environment = {"LDAPTLS_CACERT": str(workload.directory.ca_file)}
        return measure_command(command, workload.folder, environment, output=output)


class Script(Client):
    """A short, typical script that uses a Python library for LDAP and writes a CSV file."""

    def __init__(self, *, name: str, file: str, python: str, max_people: int) -> None:
        """Create the client.

        :param name: see `Client`.
        :param file: name of the script in `tests/bench/scripts`.
        :param python: path to the Python interpreter.
        :param max_people: see `Client`.
        """
        self.name = name
        self.max_people = max_people
        self._file = HERE / "scripts" / file
        self._python = python

    def run(self, workload: Workload) -> Cost:
        """Read all people."""
        settings = workload.write("settings.json", workload.script_settings())
        return measure_command([self._python, str(self._file), str(settings)], workload.folder)

    def rows(self, workload: Workload) -> Rows:
        """Return the rows of the CSV file."""
        return csv_rows(workload)


class CommunityGeneral(Client):
    """community.general.ldap_search and a template in a run of ansible-playbook.

    The module always authenticates with the name and the password of the service account.
    """

    name = "ansible-playbook, community.general.ldap_search + template"
    searches_by_unit = False
    max_people = 100_000

    def __init__(self, programs: Path) -> None:
        """Create the client.

        :param programs: directory that contains the programs of the Python package ansible.
        """
        self._programs = programs

    def run(self, workload: Workload) -> Cost:
        """Read all people."""
        settings = workload.script_settings()
        search = {
            "community.general.ldap_search": {
                **{name: settings[name] for name in ("bind_dn", "bind_pw", "filter")},
                "server_uri": settings["uri"],
                "dn": settings["bases"][0],
                "scope": "subordinate",
                "attrs": settings["attributes"],
                "page_size": PAGE,
            },
            "register": "people",
        }
        write = {
            "ansible.builtin.template": {
                "src": str(HERE / "scripts/people.csv.j2"),
                "dest": settings["csv"],
                "mode": "0600",
            }
        }
        return _run_play(workload, self._programs, SYSTEM_PYTHON, [search, write])

    def rows(self, workload: Workload) -> Rows:
        """Return the rows of the CSV file."""
        return csv_rows(workload)


def _delete_files(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _run_play(
    workload: Workload, programs: Path, python: str, tasks: Sequence[Mapping[str, Any]]
) -> Cost:
    """Run a play.

    :param programs: directory that contains ansible-playbook.
    :param python: path to the Python interpreter that runs the modules.
    """
    play = {"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}
    playbook = workload.write("playbook.yml", [play])
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(workload.folder),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    command = [str(programs / "ansible-playbook"), "-i", "localhost,", "-c", "local"]
    command += ["-e", f"ansible_python_interpreter={python}", str(playbook)]
    return measure_command(command, workload.folder, environment, output=workload.folder / "output")

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clients that are compared, and how each is run."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.measure import Cost, measure_command
from tests.bench.rows import Rows, csv_rows, ldif_rows, roster_rows
from tests.bench.workload import ATTRIBUTES, PAGE, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that has Debian's python3-ldap


class Client:
    """One way to get people out of a directory and into rows.

    :ivar name: how the table calls it.
    :ivar max_people: how many people it is given at most; with more it would take too long.
    :ivar searches_by_unit: whether it is compared with a search for each unit, too.
    """

    name = ""
    max_people = 10_000_000
    searches_by_unit = True

    def run(self, workload: Workload) -> Cost:
        """Read everybody once."""
        raise NotImplementedError

    def rows(self, workload: Workload) -> Rows:
        """The rows that the last run gave."""
        raise NotImplementedError


class Export(Client):
    """The module in a process of its own, as Ansible starts it, without what Ansible does around it."""

    name = "ad_contacts_export"

    def run(self, workload: Workload) -> Cost:
        """Read everybody; the roster of another run is gone before, as its checksum is not the aim."""
        _delete_files(workload.folder / "own.csv", workload.folder / "own.csv.ids")
        name = "ansible_collections.frontdesk.contacts.plugins.modules.ad_contacts_export"
        options = workload.write("options.json", {"ANSIBLE_MODULE_ARGS": workload.export_options()})
        environment = {
            "PYTHONPATH": str(workload.folder),
            # What it imports is compiled in the run that is not measured.
            "PYTHONPYCACHEPREFIX": str(workload.folder / "pyc"),
            "PYTHONDONTWRITEBYTECODE": "",
        }
        return measure_command(
            [sys.executable, "-m", name, str(options)],
            workload.folder,
            environment,
            output=workload.folder / "output",
        )

    def rows(self, workload: Workload) -> Rows:
        """Rows of the roster and its identities."""
        return roster_rows(workload)


class Playbook(Export):
    """A whole ansible-playbook with that module."""

    name = "ansible-playbook, ad_contacts_export"
    searches_by_unit = False

    def run(self, workload: Workload) -> Cost:
        """Read everybody."""
        _delete_files(workload.folder / "own.csv", workload.folder / "own.csv.ids")
        export = {"frontdesk.contacts.ad_contacts_export": workload.export_options()}
        return _run_play(workload, Path(sys.executable).parent, sys.executable, [export])


class LdapSearch(Client):
    """OpenLDAP's own client, in C; what it prints goes nowhere."""

    name = "ldapsearch"

    def run(self, workload: Workload) -> Cost:
        """Read everybody."""
        return self._run(workload, None)

    def rows(self, workload: Workload) -> Rows:
        """Rows of another run, whose output is kept."""
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
        wanted = ("-E", f"pr={PAGE}/noprompt", workload.filter, *ATTRIBUTES, workload.identity)
        each = " && ".join(shlex.join([*search, "-b", base, *wanted]) for base in workload.bases)
        command = ("sh", "-c", each)
        environment = {"LDAPTLS_CACERT": str(workload.directory.ca_file)}
        return measure_command(command, workload.folder, environment, output=output)


class Script(Client):
    """A short script with one of Python's libraries, as people write it; it writes a CSV file.

    :param python: what runs it.
    """

    def __init__(self, name: str, file: str, python: str, max_people: int) -> None:
        self.name = name
        self.max_people = max_people
        self._file = HERE / "scripts" / file
        self._python = python

    def run(self, workload: Workload) -> Cost:
        """Read everybody."""
        peer = workload.write("peer.json", workload.script_settings())
        return measure_command([self._python, str(self._file), str(peer)], workload.folder)

    def rows(self, workload: Workload) -> Rows:
        """Rows of the CSV file."""
        return csv_rows(workload)


class CommunityGeneral(Client):
    """A whole ansible-playbook with community.general.ldap_search and a template.

    :param programs: folder of an environment that has the package ansible.
    """

    name = "ansible-playbook, community.general.ldap_search + template"
    searches_by_unit = False
    max_people = 100_000

    def __init__(self, programs: Path) -> None:
        self._programs = programs

    def run(self, workload: Workload) -> Cost:
        """Read everybody."""
        peer = workload.script_settings()
        search = {
            "community.general.ldap_search": {
                **{name: peer[name] for name in ("bind_dn", "bind_pw", "filter")},
                "server_uri": peer["uri"],
                "dn": peer["bases"][0],
                "scope": "subordinate",
                "attrs": peer["attributes"],
                "page_size": PAGE,
            },
            "register": "people",
        }
        write = {
            "ansible.builtin.template": {
                "src": str(HERE / "scripts/people.csv.j2"),
                "dest": peer["csv"],
                "mode": "0600",
            }
        }
        return _run_play(workload, self._programs, SYSTEM_PYTHON, [search, write])

    def rows(self, workload: Workload) -> Rows:
        """Rows of the CSV file."""
        return csv_rows(workload)


def _delete_files(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _run_play(
    workload: Workload, programs: Path, python: str, tasks: Sequence[Mapping[str, Any]]
) -> Cost:
    """Run a play of these tasks."""
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

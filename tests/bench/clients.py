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

from tests.bench.measure import Cost, cost_of
from tests.bench.rows import Rows, ldif_rows, peer_rows, roster_rows
from tests.bench.task import ATTRIBUTES, PAGE, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that has Debian's python3-ldap


class Client:
    """One way to get people out of a directory and into rows.

    :ivar name: how the table calls it.
    :ivar most: how many people it is given at most; with more it would take too long.
    :ivar loops: whether it is compared with a search for each unit, too.
    """

    name = ""
    most = 10_000_000
    loops = True

    def run(self, task: Task) -> Cost:
        """Read everybody once."""
        raise NotImplementedError

    def rows(self, task: Task) -> Rows:
        """The rows that the last run gave."""
        raise NotImplementedError


class Export(Client):
    """The module in a process of its own, as Ansible starts it, without what Ansible does around it."""

    name = "ad_contacts_export"

    def run(self, task: Task) -> Cost:
        """Read everybody; the roster of another run is gone before, as its checksum is not the aim."""
        _remove(task.folder / "own.csv", task.folder / "own.csv.ids")
        name = "ansible_collections.frontdesk.contacts.plugins.modules.ad_contacts_export"
        options = task.write("options.json", {"ANSIBLE_MODULE_ARGS": task.options()})
        environment = {
            "PYTHONPATH": str(task.folder),
            # What it imports is compiled in the run that is not measured.
            "PYTHONPYCACHEPREFIX": str(task.folder / "pyc"),
            "PYTHONDONTWRITEBYTECODE": "",
        }
        return cost_of(
            [sys.executable, "-m", name, str(options)],
            task.folder,
            environment,
            output=task.folder / "output",
        )

    def rows(self, task: Task) -> Rows:
        """Rows of the roster and its identities."""
        return roster_rows(task)


class Playbook(Export):
    """A whole ansible-playbook with that module."""

    name = "ansible-playbook, ad_contacts_export"
    loops = False

    def run(self, task: Task) -> Cost:
        """Read everybody."""
        _remove(task.folder / "own.csv", task.folder / "own.csv.ids")
        export = {"frontdesk.contacts.ad_contacts_export": task.options()}
        return _play(task, Path(sys.executable).parent, sys.executable, [export])


class LdapSearch(Client):
    """OpenLDAP's own client, in C; what it prints goes nowhere."""

    name = "ldapsearch"

    def run(self, task: Task) -> Cost:
        """Read everybody."""
        return self._run(task, None)

    def rows(self, task: Task) -> Rows:
        """Rows of another run, whose output is kept."""
        output = task.folder / "people.ldif"
        self._run(task, output)
        return ldif_rows(task, output.read_text(encoding="utf-8"))

    def _run(self, task: Task, output: Path | None) -> Cost:
        account: tuple[str, ...] = ()
        if task.password:
            (task.folder / "password").touch(mode=0o600)
            (task.folder / "password").write_text(task.password, encoding="utf-8")
            account = ("-D", task.directory.bind_dn, "-y", str(task.folder / "password"))
        search = ("ldapsearch", "-LLL", "-x", "-o", "ldif-wrap=no", "-H", task.uri, *account)
        wanted = ("-E", f"pr={PAGE}/noprompt", task.filter, *ATTRIBUTES, task.identity)
        each = " && ".join(shlex.join([*search, "-b", base, *wanted]) for base in task.bases)
        command = ("sh", "-c", each)
        environment = {"LDAPTLS_CACERT": str(task.directory.ca_file)}
        return cost_of(command, task.folder, environment, output=output)


class Script(Client):
    """A short script with one of Python's libraries, as people write it; it writes a CSV file.

    :param python: what runs it.
    """

    def __init__(self, name: str, file: str, python: str, most: int) -> None:
        self.name = name
        self.most = most
        self._file = HERE / "peers" / file
        self._python = python

    def run(self, task: Task) -> Cost:
        """Read everybody."""
        peer = task.write("peer.json", task.peer())
        return cost_of([self._python, str(self._file), str(peer)], task.folder)

    def rows(self, task: Task) -> Rows:
        """Rows of the CSV file."""
        return peer_rows(task)


class Community(Client):
    """A whole ansible-playbook with community.general.ldap_search and a template.

    :param programs: folder of an environment that has the package ansible.
    """

    name = "ansible-playbook, community.general.ldap_search + template"
    loops = False
    most = 100_000

    def __init__(self, programs: Path) -> None:
        self._programs = programs

    def run(self, task: Task) -> Cost:
        """Read everybody."""
        peer = task.peer()
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
                "src": str(HERE / "peers/people.csv.j2"),
                "dest": peer["csv"],
                "mode": "0600",
            }
        }
        return _play(task, self._programs, SYSTEM_PYTHON, [search, write])

    def rows(self, task: Task) -> Rows:
        """Rows of the CSV file."""
        return peer_rows(task)


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _play(task: Task, programs: Path, python: str, tasks: Sequence[Mapping[str, Any]]) -> Cost:
    """Run a play of these tasks."""
    play = {"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}
    playbook = task.write("playbook.yml", [play])
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(task.folder),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    command = [str(programs / "ansible-playbook"), "-i", "localhost,", "-c", "local"]
    command += ["-e", f"ansible_python_interpreter={python}", str(playbook)]
    return cost_of(command, task.folder, environment, output=task.folder / "output")

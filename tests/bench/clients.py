# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clients that are compared: how each is run, and how the rows that it gave are read."""

from __future__ import annotations

import base64
import csv
import json
import os
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.measure import Cost, cost_of
from tests.bench.people import TOP, units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.lab.directory import RunningDirectory

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that has Debian's python3-ldap
ATTRIBUTES = ("givenName", "sn", "mail", "mobile", "telephoneNumber", "title", "department")
PAGE = 1000

_DEFAULT_COLUMNS = [
    {"header": "First Name", "value": "givenName", "required": True},
    {"header": "Last Name", "value": "sn", "required": True},
    {"header": "Email", "value": "mail", "unique": True, "required_unless": "SMS Phone"},
    {"header": "SMS Phone", "value": "mobile", "unique": True},
]
_COLUMNS = [
    *_DEFAULT_COLUMNS,
    *({"header": name, "value": name} for name in ATTRIBUTES[4:]),
    {"header": "Location", "value": "location", "required": True},
]

Rows = list[tuple[str, ...]]
"""Identity, the attributes and the location of each person, sorted."""


@dataclass(frozen=True)
class Task:
    """What is read, and where clients put what they make of it.

    :ivar folder: a folder of the bench's own, with the collection below ansible_collections.
    :ivar tls: whether over LDAPS, and not in clear.
    :ivar password: the account's; empty for reading anonymously.
    """

    directory: RunningDirectory
    folder: Path
    filter: str
    tls: bool = False
    password: str = field(default="", repr=False)

    @property
    def uri(self) -> str:
        """Where the directory is read."""
        return self.directory.uri_ldaps if self.tls else self.directory.uri_ldap

    @property
    def base(self) -> str:
        """The unit above all people that are read."""
        return self.directory.company.ou_dn(TOP)

    @property
    def identity(self) -> str:
        """The attribute that tells people apart."""
        return self.directory.dialect.identity_attribute

    def peer(self) -> dict[str, Any]:
        """What the other clients are told, in a file of their own, for it may hold a password."""
        return {
            "uri": self.uri,
            "base": self.base,
            "filter": self.filter,
            "attributes": [*ATTRIBUTES, self.identity],
            "page": PAGE,
            "bind_dn": self.directory.bind_dn,
            "bind_pw": self.directory.bind_pw,
            "ca_file": str(self.directory.ca_file),
            "csv": str(self.folder / "peer.csv"),
        }

    def options(self) -> dict[str, Any]:
        """Options of ad_contacts_export."""
        account = {"bind_dn": self.directory.bind_dn, "bind_pw": self.password}
        return {
            "server_uri": [self.uri],
            **(account if self.password else {"auth_protocol": "anonymous"}),
            "ca_path": str(self.directory.ca_file),
            "filter": self.filter,
            "page_size": PAGE,
            "columns": _COLUMNS,
            "sources": [
                {"location": unit, "search_base": self.directory.company.ou_dn(TOP, unit)}
                for unit in units()
            ],
            "dest": str(self.folder / "own.csv"),
        }

    def write(self, name: str, document: object) -> Path:
        """Write a document as JSON, which is YAML too, that nobody else may read."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(json.dumps(document), encoding="utf-8")
        return path


class Client:
    """One way to get people out of a directory and into rows.

    :ivar name: how the table calls it.
    :ivar most: how many people it is given at most; with more it would take too long.
    """

    name = ""
    most = 10_000_000

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
        with (task.folder / "own.csv").open(encoding="utf-8", newline="") as file:
            cells = list(csv.reader(file))[1:]
        lines = (task.folder / "own.csv.ids").read_text(encoding="utf-8").splitlines()
        identities = map(json.loads, lines[1 : 1 + len(cells)])
        return sorted((identity, *row) for identity, row in zip(identities, cells, strict=True))


class Playbook(Export):
    """A whole ansible-playbook with that module."""

    name = "ansible-playbook, ad_contacts_export"

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
        records = output.read_text(encoding="utf-8").split("\n\n")
        people = [record for record in map(_attributes, records) if "dn" in record]
        return sorted(map(_row_of, people))

    def _run(self, task: Task, output: Path | None) -> Cost:
        account: tuple[str, ...] = ()
        if task.password:
            (task.folder / "password").touch(mode=0o600)
            (task.folder / "password").write_text(task.password, encoding="utf-8")
            account = ("-D", task.directory.bind_dn, "-y", str(task.folder / "password"))
        command = (
            *("ldapsearch", "-LLL", "-x", "-o", "ldif-wrap=no", "-H", task.uri, *account),
            *(
                "-b",
                task.base,
                "-E",
                f"pr={PAGE}/noprompt",
                task.filter,
                *ATTRIBUTES,
                task.identity,
            ),
        )
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
        return _peer_rows(task)


class Community(Client):
    """A whole ansible-playbook with community.general.ldap_search and a template.

    :param programs: folder of an environment that has the package ansible.
    """

    name = "ansible-playbook, community.general.ldap_search + template"
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
                "dn": peer["base"],
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
        return _peer_rows(task)


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


def _peer_rows(task: Task) -> Rows:
    """Rows of a CSV file of the attributes, the identity, and the distinguished name."""
    with (task.folder / "peer.csv").open(encoding="utf-8", newline="") as file:
        names = [*ATTRIBUTES, task.identity, "dn"]
        return sorted(_row_of(dict(zip(names, row, strict=True))) for row in csv.reader(file))


def _attributes(record: str) -> dict[str, str]:
    """The values of an LDIF record (RFC 2849), between comments."""
    values = {}
    for line in record.splitlines():
        if line.startswith("#"):
            continue
        name, _colon, value = line.partition(":")
        if value.startswith(":"):
            data = base64.b64decode(value[1:])
            is_guid = name == "objectGUID"
            value = str(uuid.UUID(bytes_le=data)) if is_guid else data.decode()
        values[name] = value.strip()
    return values


def _row_of(values: Mapping[str, str]) -> tuple[str, ...]:
    identity = values.get("entryUUID") or values["objectGUID"]
    location = values["dn"].split(",")[1].partition("=")[2]
    return (identity, *(values.get(name, "") for name in ATTRIBUTES), location)

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all clients are given to do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.bench.large_company import PARENT_UNIT, unit_names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.directory import RunningDirectory

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


@dataclass(frozen=True)
class Workload:
    """What is read, and where clients put what they make of it.

    :ivar folder: a folder of the bench's own, with the collection below ansible_collections.
    :ivar by_unit: whether each unit is searched by itself, and is a location; else there is one search.
    :ivar tls: whether over LDAPS, and not in clear.
    :ivar password: the account's; empty for reading anonymously.
    """

    directory: RunningDirectory
    folder: Path
    filter: str
    by_unit: bool = False
    tls: bool = False
    password: str = field(default="", repr=False)

    @property
    def uri(self) -> str:
        """Where the directory is read."""
        return self.directory.uri_ldaps if self.tls else self.directory.uri_ldap

    @property
    def bases(self) -> list[str]:
        """What is searched, one after the other."""
        company = self.directory.company
        if self.by_unit:
            return [company.ou_dn(PARENT_UNIT, unit) for unit in unit_names()]
        return [company.ou_dn(PARENT_UNIT)]

    @property
    def identity(self) -> str:
        """The attribute that tells people apart."""
        return self.directory.dialect.identity_attribute

    def script_settings(self) -> dict[str, Any]:
        """What the other clients are told, in a file of their own, for it may hold a password."""
        return {
            "uri": self.uri,
            "bases": self.bases,
            "filter": self.filter,
            "attributes": [*ATTRIBUTES, self.identity],
            "page": PAGE,
            "bind_dn": self.directory.bind_dn,
            "bind_pw": self.directory.bind_pw,
            "ca_file": str(self.directory.ca_file),
            "csv": str(self.folder / "peer.csv"),
        }

    def export_options(self) -> dict[str, Any]:
        """Options of ad_contacts_export."""
        account = {"bind_dn": self.directory.bind_dn, "bind_pw": self.password}
        return {
            "server_uri": [self.uri],
            **(account if self.password else {"auth_protocol": "anonymous"}),
            "ca_path": str(self.directory.ca_file),
            "filter": self.filter,
            "page_size": PAGE,
            "columns": _COLUMNS,
            "sources": self._sources(),
            "dest": str(self.folder / "own.csv"),
        }

    def _sources(self) -> list[dict[str, str]]:
        if not self.by_unit:
            return [{"search_base": base} for base in self.bases]
        pairs = zip(unit_names(), self.bases, strict=True)
        return [{"location": unit, "search_base": base} for unit, base in pairs]

    def write(self, name: str, document: object) -> Path:
        """Write a document as JSON, which is YAML too, that nobody else may read."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

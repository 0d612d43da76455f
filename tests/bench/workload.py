# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The searches that all clients run, and the options and settings for each client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.bench.collection import write_document
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


@dataclass(frozen=True, kw_only=True)
class Workload:
    """The searches to run, and the directory for files.

    :ivar directory: the LDAP directory to read.
    :ivar folder: working directory, which contains the collection below `ansible_collections`.
    :ivar filter: LDAP filter that matches the people.
    :ivar by_unit: whether to run one search per unit, with the unit as the location, instead of a single search.
    :ivar tls: whether to use LDAPS instead of LDAP without TLS.
    :ivar password: password with which ad_contacts_export and ldapsearch authenticate; empty for anonymous access.
    """

    directory: RunningDirectory
    folder: Path
    filter: str
    by_unit: bool = False
    tls: bool = False
    password: str = field(default="", repr=False)

    @property
    def uri(self) -> str:
        """URI of the LDAP server."""
        return self.directory.uri_ldaps if self.tls else self.directory.uri_ldap

    @property
    def bases(self) -> list[str]:
        """Search bases in the order of the searches."""
        company = self.directory.company
        if self.by_unit:
            return [company.ou_dn(PARENT_UNIT, unit) for unit in unit_names()]
        return [company.ou_dn(PARENT_UNIT)]

    @property
    def identity(self) -> str:
        """Attribute that contains the identity of a person."""
        return self.directory.dialect.identity_attribute

    def script_settings(self) -> dict[str, Any]:
        """Return the settings for the scripts and for community.general.ldap_search.

        The settings contain a password, so they must be passed in a file.
        """
        return {
            "uri": self.uri,
            "bases": self.bases,
            "filter": self.filter,
            "attributes": [*ATTRIBUTES, self.identity],
            "page": PAGE,
            "bind_dn": self.directory.bind_dn,
            "bind_pw": self.directory.bind_pw,
            "ca_file": str(self.directory.ca_file),
            "csv": str(self.folder / "output.csv"),
        }

    def export_options(self) -> dict[str, Any]:
        """Return the options for ad_contacts_export."""
        account = {"bind_dn": self.directory.bind_dn, "bind_pw": self.password}
        return {
            "server_uri": [self.uri],
            **(account if self.password else {"auth_protocol": "anonymous"}),
            "ca_path": str(self.directory.ca_file),
            "filter": self.filter,
            "page_size": PAGE,
            "columns": _COLUMNS,
            "sources": self._sources(),
            "dest": str(self.folder / "roster.csv"),
        }

    def _sources(self) -> list[dict[str, str]]:
        if not self.by_unit:
            return [{"search_base": base} for base in self.bases]
        pairs = zip(unit_names(), self.bases, strict=True)
        return [{"location": unit, "search_base": base} for unit, base in pairs]

    def write(self, name: str, document: object) -> Path:
        """Write a document as JSON, and thus as valid YAML, to a file that only the current user can read."""
        path = self.folder / name
        write_document(path, document)
        return path

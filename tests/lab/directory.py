# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running directory: its connection settings, and the changes that an administrator can make."""

from __future__ import annotations

import contextlib
import secrets
import ssl
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ldap3
from ldap3.core.exceptions import LDAPSocketOpenError
from ldap3.utils.conv import escape_filter_chars

from tests.lab.company import escape
from tests.lab.entries import DISABLED, ENABLED_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.authority import Certificate
    from tests.lab.company import Company
    from tests.lab.entries import Attributes, Dialect
    from tests.lab.kerberos import Realm
    from tests.lab.person import Person, Site
    from tests.lab.process_supervisor import ProcessSupervisor

Session = Any
"""An ldap3.Connection. Most of its methods have no type annotations, not even in types-ldap3."""

_READY_SECONDS = 60.0
_POLL_SECONDS = 0.05


class NotReadyError(Exception):
    """A server exited or did not become ready in time, or another server uses its port."""


def new_password() -> str:
    """Return a random password that is unique, so that tests can find it in outputs.

    It satisfies Active Directory's complexity requirements. It contains only letters, digits and a dot, so it does not
    have to be escaped in configuration files.
    """
    return f"Pw7.{secrets.token_hex(12)}"


@dataclass(frozen=True)
class Login:
    """A bind name and its password."""

    dn: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class RunningDirectory:
    """The connection settings of a running directory, and methods that change its people.

    Methods for an existing person look up the entry by account name (sAMAccountName), so they also work if the person
    has been moved or renamed. If the person does not have exactly one entry, they raise LookupError. If the server
    rejects an operation, ldap3's LDAPOperationResult is raised.
    """

    company: Company
    dialect: Dialect
    uri_ldaps: str
    uri_ldap: str
    """URI for StartTLS and for connections without TLS. The certificate contains the host name of this URI."""
    ca_file: Path
    certificate: Certificate
    """Certificate that the server presents."""
    bind_dn: str
    bind_pw: str = field(repr=False)
    """Random password of the service account, which must not appear in any output."""
    bind_upn: str | None
    bind_down_level: str | None
    people_filter: str | None
    """Filter for active people; None if the default filter of the module matches them."""
    administrator: Login
    realm: Realm | None = None
    """Kerberos realm; None if the directory does not support Kerberos."""

    @property
    def base_dn(self) -> str:
        """DN of the domain."""
        return self.company.base_dn

    @property
    def staff_dn(self) -> str:
        """DN of the parent of all sites."""
        return self.company.staff_dn

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session as the administrator, in which failed operations raise LDAPOperationResult.

        :raises NotReadyError: if another server uses the port of the directory.
        """
        # No validation, because some tests use an invalid certificate. Instead, the certificate is compared below.
        tls = ldap3.Tls(validate=ssl.CERT_NONE)
        server = ldap3.Server(self.uri_ldaps, tls=tls, get_info=ldap3.NONE, connect_timeout=5)
        connection: Session = ldap3.Connection(
            server,
            self.administrator.dn,
            self.administrator.password,
            auto_referrals=False,
            check_names=False,
            raise_exceptions=True,
            receive_timeout=30,
        )
        connection.open()
        presented = connection.socket.getpeercert(binary_form=True)
        if presented != ssl.PEM_cert_to_DER_cert(self.certificate.cert_file.read_text("ascii")):
            raise NotReadyError(f"another server uses the port of {self.uri_ldaps}")
        connection.bind()
        try:
            yield connection
        finally:
            connection.unbind()

    def find_dn(self, person: Person) -> str:
        """Return the current DN of a person."""
        with self.session() as session:
            return _find_dn(session, self.company, person)

    def find_identity(self, person: Person) -> uuid.UUID:
        """Return the objectGUID or entryUUID of a person's entry."""
        name = self.dialect.identity_attribute
        with self.session() as session:
            dn = _find_dn(session, self.company, person)
            session.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[name])
            raw: bytes = session.response[0]["raw_attributes"][name][0]
        if name == "entryUUID":  # a string (RFC 4530)
            return uuid.UUID(raw.decode("ascii"))
        # The first three fields of a GUID are little-endian (MS-DTYP, 2.3.4.2).
        return uuid.UUID(bytes_le=raw)

    def add_person(self, person: Person) -> uuid.UUID:
        """Add a person, and return the identity that the server generated."""
        attributes = self.dialect.person_attributes(person)
        with self.session() as session:
            session.add(self.company.person_dn(person), attributes=attributes)
        return self.find_identity(person)

    def delete_person(self, person: Person) -> None:
        """Delete a person."""
        with self.session() as session:
            session.delete(_find_dn(session, self.company, person))

    def change_last_name(self, person: Person, new_last_name: str, *, rename: bool = True) -> None:
        """Change the last name and the display name of a person.

        :param rename: whether to also rename the entry, which changes its DN.
        """
        display_name = f"{person.given_name} {new_last_name}"
        self.modify(person, {"sn": [new_last_name], "displayName": [display_name]})
        if rename:
            with self.session() as session:
                dn = _find_dn(session, self.company, person)
                session.modify_dn(dn, f"CN={escape(display_name)}")

    def move_person(self, person: Person, site: Site) -> None:
        """Move a person to the Organizational Unit of another site, and change the office accordingly."""
        with self.session() as session:
            dn = _find_dn(session, self.company, person)
            parent = self.company.site_dn(site)
            session.modify_dn(dn, _rdn(dn), new_superior=parent)
        self.modify(person, {"physicalDeliveryOfficeName": [site.name]})

    def restore_person(self, person: Person) -> None:
        """Undo renames and moves: reset the name, the DN and the office of a person."""
        original = self.company.person_dn(person)
        name = _rdn(original)
        with self.session() as session:
            dn = _find_dn(session, self.company, person)
            session.modify_dn(dn, name, new_superior=original.removeprefix(f"{name},"))
        listed = self.dialect.person_attributes(person)
        changed = ("sn", "displayName", "physicalDeliveryOfficeName")
        self.modify(person, {attribute: listed.get(attribute, []) for attribute in changed})

    def disable_person(self, person: Person) -> None:
        """Disable a person's account."""
        self.modify(person, {"userAccountControl": [str(ENABLED_ACCOUNT | DISABLED)]})

    def modify(self, person: Person, attributes: Attributes) -> None:
        """Replace attributes of a person.

        :param attributes: the new values by attribute; an empty list removes the attribute.
        """
        changes = {name: [(ldap3.MODIFY_REPLACE, values)] for name, values in attributes.items()}
        with self.session() as session:
            session.modify(_find_dn(session, self.company, person), changes)

    def contents(self) -> dict[str, Attributes]:
        """Return the attributes of Staff and all entries below it, by DN; only attributes of people are included."""
        names = sorted(self.dialect.person_attributes(self.company.canary_person))
        with self.session() as session:
            session.search(self.staff_dn, "(objectClass=*)", attributes=names)
            entries = [entry for entry in session.response if "dn" in entry]
        return {
            entry["dn"]: {
                name: sorted(value.decode() for value in values)
                for name, values in entry["raw_attributes"].items()
            }
            for entry in entries
        }

    def empty_ou(self, ou_dn: str) -> int:
        """Delete all entries of the object class person below an Organizational Unit, but not the unit itself.

        :returns: the number of deleted entries.
        """
        with self.session() as session:
            session.search(ou_dn, "(objectClass=person)", attributes=["1.1"])
            dns = [entry["dn"] for entry in session.response if "dn" in entry]
            for dn in dns:
                session.delete(dn)
        return len(dns)


def wait_until_ready(
    directory: RunningDirectory, supervisor: ProcessSupervisor, pid: int, log: str
) -> None:
    """Wait until the administrator can bind to a directory.

    :param supervisor: supervisor of the server process.
    :param pid: process ID of the server.
    :param log: name of the log file of the server; the error message includes its last lines.
    :raises NotReadyError: if the server exited or did not become ready in time.
    """
    deadline = time.monotonic() + _READY_SECONDS
    last_error: Exception | str = "the server has exited"
    while time.monotonic() < deadline and supervisor.is_running(pid):
        try:
            with directory.session():
                return
        except (LDAPSocketOpenError, NotReadyError) as error:
            last_error = error
            time.sleep(_POLL_SECONDS)
    raise NotReadyError(f"{directory.uri_ldaps} is not ready: {last_error}\n{supervisor.tail(log)}")


def _find_dn(session: Session, company: Company, person: Person) -> str:
    account = escape_filter_chars(person.account)
    session.search(company.base_dn, f"(sAMAccountName={account})", attributes=["1.1"])
    dns = [str(entry["dn"]) for entry in session.response if "dn" in entry]
    if len(dns) != 1:
        raise LookupError(f"{len(dns)} entries have the account name {person.account}")
    return dns[0]


def _rdn(dn: str) -> str:
    """Return the relative distinguished name of a DN, with its escapes."""
    position = 0
    while dn[position] != ",":
        position += 2 if dn[position] == "\\" else 1
    return dn[:position]

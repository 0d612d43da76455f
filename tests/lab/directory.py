# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory that runs: how to reach it, and what its administrators do to it."""

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
"""An ldap3.Connection: most of its methods have no types, not even in the published stubs."""

_READY_SECONDS = 60.0
_POLL_SECONDS = 0.05


class NotReadyError(Exception):
    """A server ended, or another answers in its place, or it takes too long."""


def new_password() -> str:
    """Make a password that occurs nowhere else, so that outputs can be searched for it.

    It satisfies Active Directory's complexity rules and no format needs to escape it.
    """
    return f"Pw7.{secrets.token_hex(12)}"


@dataclass(frozen=True)
class Login:
    """A name to bind with, and its password."""

    dn: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class RunningDirectory:
    """The facts of a directory that answers, and the acts of its administrators.

    Acts find a person by the account (sAMAccountName), so they work after moves and renames.
    They raise ldap3's LDAPOperationResult when the server refuses.
    """

    company: Company
    dialect: Dialect
    uri_ldaps: str
    uri_ldap: str
    """Without TLS until StartTLS; the name in it is one that the certificate has."""
    ca_file: Path
    certificate: Certificate
    """What the server shows."""
    bind_dn: str
    bind_pw: str = field(repr=False)
    """The service account's password: random, and to be found in no output."""
    bind_upn: str | None
    bind_down_level: str | None
    people_filter: str | None
    """The filter for active people; None where the module's own default is right."""
    administrator: Login
    realm: Realm | None = None
    """Its Kerberos realm; None where it has none."""

    @property
    def base_dn(self) -> str:
        """The DN of the domain."""
        return self.company.base_dn

    @property
    def staff_dn(self) -> str:
        """The DN above all sites."""
        return self.company.staff_dn

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session as the administrator; failed operations raise LDAPOperationResult."""
        # Not by name and authority: a test may have given the server a certificate that is wrong.
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
            raise NotReadyError(f"{self.uri_ldaps} is somebody else's")
        connection.bind()
        try:
            yield connection
        finally:
            connection.unbind()

    def find_dn(self, person: Person) -> str:
        """Return the DN under which a person is now."""
        with self.session() as session:
            return _find_dn(session, self.company, person)

    def find_identity(self, person: Person) -> uuid.UUID:
        """Return the identity that the directory gives a person: objectGUID or entryUUID."""
        name = self.dialect.identity_attribute
        with self.session() as session:
            dn = _find_dn(session, self.company, person)
            session.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[name])
            raw: bytes = session.response[0]["raw_attributes"][name][0]
        if name == "entryUUID":  # text (RFC 4530)
            return uuid.UUID(raw.decode("ascii"))
        return uuid.UUID(bytes_le=raw)  # its first three parts little-endian (MS-DTYP, 2.3.4.2)

    def add_person(self, person: Person) -> uuid.UUID:
        """Add a person. The server makes the identity, which is returned."""
        attributes = self.dialect.person_attributes(person)
        with self.session() as session:
            session.add(self.company.person_dn(person), attributes=attributes)
        return self.find_identity(person)

    def delete_person(self, person: Person) -> None:
        """Delete a person."""
        with self.session() as session:
            session.delete(_find_dn(session, self.company, person))

    def change_last_name(self, person: Person, new_last_name: str, *, rename: bool = True) -> None:
        """Give a person another last name; the object is renamed with it unless told otherwise."""
        display_name = f"{person.given_name} {new_last_name}"
        self.modify(person, {"sn": [new_last_name], "displayName": [display_name]})
        if rename:
            with self.session() as session:
                dn = _find_dn(session, self.company, person)
                session.modify_dn(dn, f"CN={escape(display_name)}")

    def move_person(self, person: Person, site: Site) -> None:
        """Move a person to another site, directly below its Organizational Unit."""
        with self.session() as session:
            dn = _find_dn(session, self.company, person)
            parent = self.company.site_dn(site)
            session.modify_dn(dn, _rdn(dn), new_superior=parent)
        self.modify(person, {"physicalDeliveryOfficeName": [site.name]})

    def restore_person(self, person: Person) -> None:
        """Give a person who is still there the name, the place and the office of the company's list again."""
        hired = self.company.person_dn(person)
        name = _rdn(hired)
        with self.session() as session:
            dn = _find_dn(session, self.company, person)
            session.modify_dn(dn, name, new_superior=hired.removeprefix(f"{name},"))
        listed = self.dialect.person_attributes(person)
        changed = ("sn", "displayName", "physicalDeliveryOfficeName")
        self.modify(person, {attribute: listed.get(attribute, []) for attribute in changed})

    def disable_person(self, person: Person) -> None:
        """Disable a person's account."""
        self.modify(person, {"userAccountControl": [str(ENABLED_ACCOUNT | DISABLED)]})

    def modify(self, person: Person, attributes: Attributes) -> None:
        """Replace attributes of a person; an empty list removes the attribute."""
        changes = {name: [(ldap3.MODIFY_REPLACE, values)] for name, values in attributes.items()}
        with self.session() as session:
            session.modify(_find_dn(session, self.company, person), changes)

    def contents(self) -> dict[str, Attributes]:
        """Return what anybody has of the attributes that the company's list fills, by DN."""
        names = sorted(self.dialect.person_attributes(self.company.canary_person))
        with self.session() as session:
            session.search(self.staff_dn, "(objectClass=*)", attributes=names)
            found = [entry for entry in session.response if "dn" in entry]
        return {
            entry["dn"]: {
                name: sorted(value.decode() for value in values)
                for name, values in entry["raw_attributes"].items()
            }
            for entry in found
        }

    def empty_ou(self, ou_dn: str) -> int:
        """Delete everybody below an Organizational Unit, which stays; return how many they were."""
        with self.session() as session:
            session.search(ou_dn, "(objectClass=person)", attributes=["1.1"])
            found = [entry["dn"] for entry in session.response if "dn" in entry]
            for dn in found:
                session.delete(dn)
        return len(found)


def wait_until_ready(
    directory: RunningDirectory, supervisor: ProcessSupervisor, pid: int, log: str
) -> None:
    """Wait until a directory lets its administrator in.

    :raises NotReadyError: its process ended, or it did not answer in time.
    """
    deadline = time.monotonic() + _READY_SECONDS
    problem: Exception | None = None
    while time.monotonic() < deadline and supervisor.is_running(pid):
        try:
            with directory.session():
                return
        except (LDAPSocketOpenError, NotReadyError) as error:
            problem = error
            time.sleep(_POLL_SECONDS)
    raise NotReadyError(f"{directory.uri_ldaps} is not ready: {problem}\n{supervisor.tail(log)}")


def _find_dn(session: Session, company: Company, person: Person) -> str:
    account = escape_filter_chars(person.account)
    session.search(company.base_dn, f"(sAMAccountName={account})", attributes=["1.1"])
    found = [str(entry["dn"]) for entry in session.response if "dn" in entry]
    if len(found) != 1:
        raise LookupError(f"{len(found)} objects have the account {person.account}")
    return found[0]


def _rdn(dn: str) -> str:
    """Return the first part of a DN, as it stands there."""
    position = 0
    while dn[position] != ",":
        position += 2 if dn[position] == "\\" else 1
    return dn[:position]

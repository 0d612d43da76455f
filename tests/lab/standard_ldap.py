# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Code shared by the lab's directories other than Active Directory.

These directories use the same object classes, are loaded from LDIF, and listen on free ports of 127.0.0.1.
"""

from __future__ import annotations

import base64
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.directory import (
    Login,
    NotReadyError,
    RunningDirectory,
    new_password,
    wait_until_ready,
)
from tests.lab.entries import DISABLED, SERVICE_ACCOUNT, Dialect, Entry, service_dn
from tests.lab.person import NEVER_EXPIRES, filetime, identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.lab.authority import Authority, Certificate
    from tests.lab.company import Company
    from tests.lab.entries import Attributes
    from tests.lab.process_supervisor import ProcessSupervisor

SCHEMA = Path(__file__).with_name("account.schema")
"""Schema, in OpenLDAP's format, of account attributes that no standard defines."""

_BIT_AND = "1.2.840.113556.1.4.803"  # LDAP_MATCHING_RULE_BIT_AND (MS-ADTS, 3.1.1.3.4.4.1)
_ATTEMPTS = 5

DIALECT = Dialect(
    identity_attribute="entryUUID",
    person=("inetOrgPerson", "labAccount"),
    contact=("inetOrgPerson",),
    computer=("device", "labAccount"),
    group=("groupOfNames",),
)
"""Standard object classes, and the class from `account.schema`."""


def plan_directory(
    company: Company, authority: Authority, certificate: Certificate | None
) -> RunningDirectory:
    """Return the settings of a directory that is not running yet, with new passwords and without URIs.

    :param certificate: certificate of the server; None to issue one for localhost and 127.0.0.1.
    """
    return RunningDirectory(
        company=company,
        dialect=DIALECT,
        uri_ldaps="",
        uri_ldap="",
        ca_file=authority.ca_file,
        certificate=certificate or authority.issue("localhost", "127.0.0.1"),
        bind_dn=service_dn(company),
        bind_pw=new_password(),
        bind_upn=None,
        bind_down_level=None,
        people_filter=_people_filter(),
        administrator=Login(f"cn=admin,{company.base_dn}", new_password()),
    )


def _people_filter() -> str:
    """Return a filter for enabled accounts that have not expired."""
    now = filetime(datetime.now(UTC))
    not_expired = "".join(
        f"(accountExpires{test})" for test in ("=0", f"={NEVER_EXPIRES}", f">={now}")
    )
    return (
        "(&(objectClass=inetOrgPerson)(objectClass=labAccount)"
        f"(!(userAccountControl:{_BIT_AND}:={DISABLED}))(|(!(accountExpires=*)){not_expired}))"
    )


def ldif(directory: RunningDirectory, password: str, domain: Attributes | None = None) -> str:
    """Return the company as LDIF (RFC 2849), including the domain and the service account.

    :param password: password of the service account, hashed if the server requires it.
    :param domain: additional attributes of the domain entry.
    """
    return "\n".join(_records(directory, password, domain or {}))


def _records(directory: RunningDirectory, password: str, domain: Attributes) -> Iterator[str]:
    company = directory.company
    top = {
        "objectClass": ["dcObject", "organization"],
        "dc": [company.domain.partition(".")[0]],
        "o": ["Fjord"],
        **domain,
    }
    service = {
        "objectClass": ["applicationProcess", "simpleSecurityObject"],
        "cn": [SERVICE_ACCOUNT],
        "userPassword": [password],
    }
    yield _record(Entry(company.base_dn, identity(company.domain), top))
    yield from map(_record, DIALECT.entries(company))
    yield _record(Entry(directory.bind_dn, identity(SERVICE_ACCOUNT), service))


def _record(entry: Entry) -> str:
    """Return an entry as an LDIF record.

    All values are encoded in base64, so no special cases are needed.
    """
    lines = [("dn", entry.dn), ("entryUUID", str(entry.identity))]
    lines += [(name, value) for name, values in entry.attributes.items() for value in values]
    return "".join(
        f"{name}:: {base64.b64encode(value.encode()).decode('ascii')}\n" for name, value in lines
    )


def start_server(
    directory: RunningDirectory,
    supervisor: ProcessSupervisor,
    command: Callable[[int, int], Sequence[str]],
    env: Mapping[str, str],
) -> RunningDirectory:
    """Start a server on free ports.

    If the server exits, for example because another process uses one of the ports, retry with other ports.

    :param directory: settings of the directory, from `plan_directory`.
    :param command: function that returns the command line for two ports, the first one without and the second one with
        TLS.
    :param env: additional environment variables.
    :returns: the settings of the directory with its URIs.
    :raises NotReadyError: if the server does not become ready in time, or exits in each attempt.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        plain, tls = free_ports()
        log = f"server.{attempt}.log"
        pid = supervisor.start(command(plain, tls), log=log, env=env)
        running = replace(
            directory,
            uri_ldaps=f"ldaps://localhost:{tls}",
            uri_ldap=f"ldap://localhost:{plain}",
        )
        try:
            wait_until_ready(running, supervisor, pid, log)
        except NotReadyError:
            if supervisor.is_running(pid) or attempt == _ATTEMPTS:
                raise
        else:
            return running
    raise AssertionError("the last attempt returns or raises")


def free_ports() -> tuple[int, int]:
    """Return two ports of 127.0.0.1 that are currently unused."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        return one.getsockname()[1], other.getsockname()[1]

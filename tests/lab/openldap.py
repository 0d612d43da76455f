# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OpenLDAP server of the lab's own, on free ports of 127.0.0.1; any user may run it.

slapd is the system's, or a copy unpacked below `root` (`dpkg -x slapd_*.deb ROOT`, and likewise the
libraries that it needs), for machines where nothing can be installed.
"""

from __future__ import annotations

import base64
import contextlib
import os
import platform
import socket
import textwrap
from dataclasses import dataclass, replace
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
from tests.lab.keeper import Keeper
from tests.lab.person import NEVER_EXPIRES, filetime, identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.authority import Authority, Certificate
    from tests.lab.company import Company

ROOT_VARIABLE = "SLAPD_ROOT"
"""The environment variable that tells where unpacked packages lie; unset, the system's are used."""

_BIT_AND = "1.2.840.113556.1.4.803"  # LDAP_MATCHING_RULE_BIT_AND (MS-ADTS, 3.1.1.3.4.4.1)
_ATTEMPTS = 5
_DATABASE_BYTES = 1 << 30  # a sparse file's largest size, not what it takes

DIALECT = Dialect(
    identity_attribute="entryUUID",
    person=("inetOrgPerson", "labAccount"),
    contact=("inetOrgPerson",),
    computer=("device", "labAccount"),
    group=("groupOfNames",),
)
"""What OpenLDAP calls things, with the account attributes of account.schema."""


@dataclass(frozen=True)
class _Installation:
    """Where slapd and what belongs to it lie: Debian's layout below a root."""

    root: Path

    @property
    def program(self) -> Path:
        return self.root / "usr/sbin/slapd"

    @property
    def schema(self) -> Path:
        return self.root / "etc/ldap/schema"

    @property
    def modules(self) -> Path:
        return self.root / "usr/lib/ldap"

    @property
    def environment(self) -> dict[str, str]:
        if self.root == Path("/"):
            return {}
        triplet = f"{platform.machine()}-linux-gnu"
        places = (f"usr/lib/{triplet}", f"lib/{triplet}", "usr/lib")
        return {"LD_LIBRARY_PATH": ":".join(str(self.root / place) for place in places)}


@contextlib.contextmanager
def openldap(
    company: Company,
    authority: Authority,
    *,
    size_limit: int | None = None,
    certificate: Certificate | None = None,
    anonymous_reads: bool = False,
    root: Path | None = None,
) -> Iterator[RunningDirectory]:
    """Run a server with the company in it.

    :param size_limit: how many entries the service account gets from one paged search in all
        (`size.prtotal`): the search is then cut in its middle. None: no limit.
    :param certificate: what the server shows instead of a certificate for localhost and 127.0.0.1.
    :param anonymous_reads: whether people can be read without an account, and in clear.
    :param root: where unpacked packages lie; None: what SLAPD_ROOT says, or else the system's.
    """
    installation = _Installation(root or Path(os.environ.get(ROOT_VARIABLE) or "/"))
    certificate = certificate or authority.issue("localhost", "127.0.0.1")
    directory = RunningDirectory(
        company=company,
        dialect=DIALECT,
        uri_ldaps="",
        uri_ldap="",
        ca_file=authority.ca_file,
        certificate=certificate,
        bind_dn=service_dn(company),
        bind_pw=new_password(),
        bind_upn=None,
        bind_down_level=None,
        people_filter=_people_filter(),
        administrator=Login(f"cn=admin,{company.base_dn}", new_password()),
    )
    with Keeper() as keeper:
        parts = (
            _server_conf(installation, directory),
            _database_conf(directory, keeper.directory, anonymous_reads=anonymous_reads),
            _limits_conf(directory, size_limit),
        )
        conf = keeper.write("slapd.conf", "".join(textwrap.dedent(part) for part in parts))
        _load(directory, keeper, installation, conf)
        yield _serve(directory, keeper, installation, conf)


def _load(
    directory: RunningDirectory, keeper: Keeper, installation: _Installation, conf: Path
) -> None:
    """Fill the database offline, where entries may bring their entryUUID along."""
    ldif = keeper.write("company.ldif", "\n".join(_records(directory)))
    (keeper.directory / "database").mkdir()
    keeper.run(
        [str(installation.program), "-T", "add", "-q", "-f", str(conf), "-l", str(ldif)],
        env=installation.environment,
    )


def _serve(
    directory: RunningDirectory, keeper: Keeper, installation: _Installation, conf: Path
) -> RunningDirectory:
    """Start the server on free ports; on others if somebody was quicker to take them."""
    for attempt in range(1, _ATTEMPTS + 1):
        plain, tls = _free_ports()
        listeners = f"ldap://127.0.0.1:{plain}/ ldaps://127.0.0.1:{tls}/"
        log = f"slapd.{attempt}.log"
        pid = keeper.start(
            # -d keeps it in the foreground.
            [str(installation.program), "-f", str(conf), "-h", listeners, "-d", "none"],
            log=log,
            env=installation.environment,
        )
        running = replace(
            directory,
            uri_ldaps=f"ldaps://localhost:{tls}",
            uri_ldap=f"ldap://localhost:{plain}",
        )
        try:
            wait_until_ready(running, keeper, pid, log)
        except NotReadyError:
            if keeper.is_running(pid) or attempt == _ATTEMPTS:
                raise
        else:
            return running
    raise AssertionError("the last attempt returns or raises")


def _free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        return one.getsockname()[1], other.getsockname()[1]


def _people_filter() -> str:
    """Return the filter for enabled accounts that have not expired by now."""
    now = filetime(datetime.now(UTC))
    lasting = "".join(f"(accountExpires{test})" for test in ("=0", f"={NEVER_EXPIRES}", f">={now}"))
    return (
        "(&(objectClass=inetOrgPerson)(objectClass=labAccount)"
        f"(!(userAccountControl:{_BIT_AND}:={DISABLED}))(|(!(accountExpires=*)){lasting}))"
    )


def _server_conf(installation: _Installation, directory: RunningDirectory) -> str:
    return f"""\
        include {installation.schema}/core.schema
        include {installation.schema}/cosine.schema
        include {installation.schema}/inetorgperson.schema
        include {Path(__file__).with_name("account.schema")}
        modulepath {installation.modules}
        moduleload back_mdb
        TLSCACertificateFile {directory.ca_file}
        TLSCertificateFile {directory.certificate.cert_file}
        TLSCertificateKeyFile {directory.certificate.key_file}
        """


def _database_conf(directory: RunningDirectory, place: Path, *, anonymous_reads: bool) -> str:
    readers = "anonymous read by users" if anonymous_reads else "users"
    return f"""\
        database mdb
        suffix "{directory.base_dn}"
        directory {place}/database
        rootdn "{directory.administrator.dn}"
        rootpw {directory.administrator.password}
        maxsize {_DATABASE_BYTES}
        dbnosync
        index objectClass,sAMAccountName eq
        access to attrs=userPassword by anonymous auth by * none
        access to * by {readers} read by * none
        """


def _limits_conf(directory: RunningDirectory, size_limit: int | None) -> str:
    """Limit the service account as a careful administrator does: large results only in pages."""
    total = "unlimited" if size_limit is None else size_limit
    return f"""\
        limits dn.exact="{directory.bind_dn}" size=500 size.pr=1000 size.prtotal={total}
        """


def _records(directory: RunningDirectory) -> Iterator[str]:
    """Yield the company as LDIF (RFC 2849), the domain and the service account included."""
    company = directory.company
    domain = {
        "objectClass": ["dcObject", "organization"],
        "dc": [company.domain.partition(".")[0]],
        "o": ["Fjord"],
    }
    service = {
        "objectClass": ["applicationProcess", "simpleSecurityObject"],
        "cn": [SERVICE_ACCOUNT],
        "userPassword": [directory.bind_pw],
    }
    yield _record(Entry(company.base_dn, identity(company.domain), domain))
    yield from map(_record, DIALECT.entries(company))
    yield _record(Entry(directory.bind_dn, identity(SERVICE_ACCOUNT), service))


def _record(entry: Entry) -> str:
    """Write one entry, every value in base64: then no value needs to be looked at."""
    lines = [("dn", entry.dn), ("entryUUID", str(entry.identity))]
    lines += [(name, value) for name, values in entry.attributes.items() for value in values]
    return "".join(
        f"{name}:: {base64.b64encode(value.encode()).decode('ascii')}\n" for name, value in lines
    )

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OpenLDAP server of the lab's own, on free ports of 127.0.0.1; any user may run it.

slapd is the system's, or a copy unpacked below `root` (`dpkg -x slapd_*.deb ROOT`, and likewise the
libraries that it needs), for machines where nothing can be installed.
"""

from __future__ import annotations

import contextlib
import platform
import textwrap
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.entries import SERVICE_ACCOUNT
from tests.lab.namespace import unpacked_packages
from tests.lab.process_supervisor import ProcessSupervisor
from tests.lab.standard_ldap import SCHEMA, ldif, plan_directory, start_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.authority import Authority, Certificate
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.kerberos import Realm

CLIENT = "front-desk"
"""The common name of certificates that stand for the service account."""

_DATABASE_BYTES = 1 << 33  # a sparse file's largest size, not what it takes


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
        library_paths = (f"usr/lib/{triplet}", f"lib/{triplet}", "usr/lib")
        return {"LD_LIBRARY_PATH": ":".join(str(self.root / path) for path in library_paths)}


def _installation(root: Path | None) -> _Installation:
    """Find slapd: it may be the system's though other packages are unpacked."""
    unpacked = _Installation(root or unpacked_packages() or Path("/"))
    return unpacked if unpacked.program.exists() else _Installation(Path("/"))


@contextlib.contextmanager
def openldap(
    company: Company,
    authority: Authority,
    *,
    size_limit: int | None = None,
    certificate: Certificate | None = None,
    anonymous_reads: bool = False,
    realm: Realm | None = None,
    extra_conf: str = "",
    root: Path | None = None,
) -> Iterator[RunningDirectory]:
    """Run a server with the company in it.

    :param size_limit: how many entries a client gets from one paged search in all
        (`size.prtotal`): the search is then cut in its middle. None: no limit.
    :param certificate: what the server shows instead of a certificate for localhost and 127.0.0.1.
    :param anonymous_reads: whether people can be read without an account, and in clear.
    :param realm: whose tickets it takes, with the channel bindings of its TLS; None: nobody's.
    :param extra_conf: access and limits that come before the lab's own (slapd.access(5), slapd.conf(5)).
    :param root: where unpacked packages lie; None: what LAB_ROOT says, or else the system's.
    """
    installation = _installation(root)
    directory = replace(plan_directory(company, authority, certificate), realm=realm)
    with ProcessSupervisor() as supervisor:
        parts = (
            _server_conf(installation, directory),
            _kerberos_conf(directory, realm) if realm else "",
            _database_conf(directory, supervisor.directory),
            extra_conf,
            _access_conf(anonymous_reads=anonymous_reads),
            _limits_conf(directory, size_limit),
        )
        conf = supervisor.write_file("slapd.conf", "".join(textwrap.dedent(part) for part in parts))
        _load_entries(directory, supervisor, installation, conf)
        env = {**installation.environment, **(_kerberos_env(supervisor, realm) if realm else {})}
        yield start_server(directory, supervisor, partial(_server_command, installation, conf), env)


def _server_command(installation: _Installation, conf: Path, plain: int, tls: int) -> list[str]:
    listeners = f"ldap://127.0.0.1:{plain}/ ldaps://127.0.0.1:{tls}/"
    # -d keeps it in the foreground.
    return [str(installation.program), *("-f", str(conf), "-h", listeners, "-d", "none")]


def _kerberos_env(supervisor: ProcessSupervisor, realm: Realm) -> dict[str, str]:
    conf = supervisor.write_file("krb5.conf", realm.conf())
    return {"KRB5_CONFIG": str(conf), "KRB5_KTNAME": str(realm.service_keytab)}


def _load_entries(
    directory: RunningDirectory,
    supervisor: ProcessSupervisor,
    installation: _Installation,
    conf: Path,
) -> None:
    """Fill the database offline, where entries may bring their entryUUID along."""
    company = supervisor.write_file("company.ldif", ldif(directory, directory.bind_pw))
    (supervisor.directory / "database").mkdir()
    supervisor.run(
        [str(installation.program), "-T", "add", "-q", "-f", str(conf), "-l", str(company)],
        env=installation.environment,
    )


def _server_conf(installation: _Installation, directory: RunningDirectory) -> str:
    return f"""\
        include {installation.schema}/core.schema
        include {installation.schema}/cosine.schema
        include {installation.schema}/inetorgperson.schema
        include {installation.schema}/nis.schema
        include {SCHEMA}
        modulepath {installation.modules}
        moduleload back_mdb
        TLSCACertificateFile {directory.ca_file}
        TLSCertificateFile {directory.certificate.cert_file}
        TLSCertificateKeyFile {directory.certificate.key_file}
        # Who shows a certificate of the lab's authority may; the one for {CLIENT} is the service account's.
        TLSVerifyClient try
        authz-regexp "^cn={CLIENT}(,.*)?$" "{directory.bind_dn}"
        """


def _kerberos_conf(directory: RunningDirectory, realm: Realm) -> str:
    return f"""\
        sasl-host localhost
        sasl-realm {realm.name}
        sasl-secprops none
        sasl-cbinding tls-endpoint
        authz-regexp "^uid={SERVICE_ACCOUNT},.*cn=auth$" "{directory.bind_dn}"
        """


def _database_conf(directory: RunningDirectory, working_directory: Path) -> str:
    return f"""\
        database mdb
        suffix "{directory.base_dn}"
        directory {working_directory}/database
        rootdn "{directory.administrator.dn}"
        rootpw {directory.administrator.password}
        maxsize {_DATABASE_BYTES}
        dbnosync
        index objectClass,sAMAccountName eq
        """


def _access_conf(*, anonymous_reads: bool) -> str:
    readers = "anonymous read by users" if anonymous_reads else "users"
    return f"""\
        access to attrs=userPassword by anonymous auth by * none
        access to * by {readers} read by * none
        """


def _limits_conf(directory: RunningDirectory, size_limit: int | None) -> str:
    """Limit all clients as a careful administrator does: large results only in pages."""
    total = "unlimited" if size_limit is None else size_limit
    limits = f"size=500 size.pr=1000 size.prtotal={total}"
    return f"""\
        limits dn.exact="{directory.bind_dn}" {limits}
        limits anonymous {limits}
        """

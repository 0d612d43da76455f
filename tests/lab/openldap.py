# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OpenLDAP server on free ports of 127.0.0.1, without root permissions.

On machines where packages cannot be installed, slapd and its libraries can be unpacked instead
(`dpkg -x slapd_*.deb ROOT`).
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
"""Common name of client certificates that authenticate the service account."""

_DATABASE_BYTES = 1 << 33  # maximum size of the sparse database file


@dataclass(frozen=True)
class _Installation:
    """The paths of slapd and its files in Debian's layout, relative to a root directory."""

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
    """Return the paths of the unpacked slapd if it exists, else of the installed slapd."""
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
    global_conf: str = "",
    root: Path | None = None,
) -> Iterator[RunningDirectory]:
    """Run an OpenLDAP server with the data of the company.

    :param size_limit: maximum number of entries that one paged search returns in total (`size.prtotal`), after
        which the server ends the search with an error; None for no limit.
    :param certificate: certificate of the server; None to issue one for localhost and 127.0.0.1.
    :param anonymous_reads: whether people can be read without authentication.
    :param realm: Kerberos realm whose tickets are accepted, with TLS channel binding; None to disable Kerberos.
    :param extra_conf: access rules and limits that take precedence over the default ones (slapd.access(5),
        slapd.conf(5)).
    :param global_conf: settings of the server that precede those of the database, such as access rules for the schema.
    :param root: directory of unpacked packages; None to use LAB_ROOT or, if it is unset, the installed packages.
    """
    installation = _installation(root)
    directory = replace(plan_directory(company, authority, certificate), realm=realm)
    with ProcessSupervisor() as supervisor:
        parts = (
            _server_conf(installation, directory),
            _kerberos_conf(directory, realm) if realm else "",
            f"{global_conf}\n",
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
    # -d keeps the server in the foreground.
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
    """Load the company into the database.

    The server must not be running, because entryUUID can only be set offline.
    """
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
        # Client certificates are optional. A certificate for {CLIENT} authenticates the service account.
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
    """Return limits for the service account and anonymous clients: large results are only returned in pages."""
    total = "unlimited" if size_limit is None else size_limit
    limits = f"size=500 size.pr=1000 size.prtotal={total}"
    return f"""\
        limits dn.exact="{directory.bind_dn}" {limits}
        limits anonymous {limits}
        """

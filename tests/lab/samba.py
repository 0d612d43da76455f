# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Samba Active Directory domain controller.

The LDAP and Kerberos ports of a domain controller are fixed and below 1024. If the user can bind to them, each server
listens on a separate IP address in 127.0.0.0/8, and clients connect to this address. Otherwise, the server runs in a
namespace with a separate loopback interface, and clients connect to forwarded ports of 127.0.0.1.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab.directory import Login, RunningDirectory, new_password, wait_until_ready
from tests.lab.entries import (
    ENABLED_ACCOUNT,
    SERVICE_ACCOUNT,
    STALE_ACCOUNT,
    Dialect,
    service_dn,
)
from tests.lab.kerberos import KDC_PORT, OTHER_SERVICE, Realm
from tests.lab.namespace import can_create_namespaces, namespace_command
from tests.lab.person import filetime, identity
from tests.lab.process_supervisor import ProcessSupervisor
from tests.lab.standard_ldap import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab.authority import Authority, Certificate
    from tests.lab.company import Company

_SYSTEM_PYTHON = "/usr/bin/python3"  # Debian installs python3-samba only for this Python
_PORTS = (389, 636, 3268, 3269, KDC_PORT)
_RESERVATION_PORT = 38_900
_HOSTNAME = "dc"
_PASSWORD_NEVER_EXPIRES = 0x10000  # DONT_EXPIRE_PASSWD (MS-ADTS, 2.2.16)
_LOG = "samba.log"
_CACHE = Path(__file__).parents[2] / ".cache" / "samba"
"""Cache directory for an empty domain, because provisioning one takes several seconds."""

DIALECT = Dialect(
    identity_attribute="objectGUID",
    person=("user",),
    contact=("contact",),
    computer=("computer",),
    group=("group",),
)
"""The identity attribute and the object classes of Active Directory."""


@contextlib.contextmanager
def samba(
    company: Company, authority: Authority, *, certificate: Certificate | None = None
) -> Iterator[RunningDirectory]:
    """Run a domain controller with the data of the company.

    :param certificate: certificate of the server; None to issue one for the names of the server. A certificate for
        an IP address must contain the address as an iPAddress and as the common name, but no DNS names: with Python
        3.12 and newer, ldap3 2.9.1 compares only DNS names or, if there are none, the common name.
    """
    server, reservation = _allocate_address()
    with reservation, ProcessSupervisor() as supervisor:
        address = server.address
        certificate = certificate or authority.issue(*server.names, common_name=server.names[0])
        directory = RunningDirectory(
            company=company,
            dialect=DIALECT,
            uri_ldaps=f"ldaps://{server.names[0]}:{server.ldaps_port}",
            uri_ldap=f"ldap://{server.names[0]}:{server.ldap_port}",
            ca_file=authority.ca_file,
            certificate=certificate,
            bind_dn=service_dn(company),
            bind_pw=new_password(),
            bind_upn=f"{SERVICE_ACCOUNT}@{company.domain}",
            bind_down_level=f"{company.netbios_domain}\\{SERVICE_ACCOUNT}",
            people_filter=None,
            administrator=Login(f"Administrator@{company.domain}", new_password()),
            # Clients outside the namespace cannot connect to a KDC inside it.
            realm=None if server.in_namespace else _realm(company, address, supervisor.directory),
        )
        smb_conf = supervisor.write_file(
            "smb.conf", _smb_conf(directory, address, supervisor.directory)
        )
        setup = supervisor.write_file(
            "setup.json", json.dumps(_setup_data(directory, address, smb_conf))
        )
        script = Path(__file__).with_name("samba_setup.py")
        # -I: without it, the script would import this file instead of Debian's `samba` package.
        supervisor.run(server.command([_SYSTEM_PYTHON, "-I", str(script), str(setup)]))
        ports = {389: server.ldap_port, 636: server.ldaps_port}
        pid = supervisor.start(
            server.command(_samba_command(supervisor.directory, smb_conf), ports), log=_LOG
        )
        wait_until_ready(directory, supervisor, pid, _LOG)
        yield directory


def _samba_command(root: Path, smb_conf: Path) -> list[str]:
    """Return the command line of the server."""
    return [
        *("/usr/sbin/samba", f"--configfile={smb_conf}", f"--log-basename={root}"),
        *("--foreground", "--no-process-group", "--model=single", "--debuglevel=1"),
    ]


@dataclass(frozen=True, kw_only=True)
class _ServerAddress:
    """The addresses and ports of a server."""

    address: str
    """IP address on which the server listens."""
    names: tuple[str, ...]
    """Host names and IP addresses to which clients connect, the preferred one first."""
    ldap_port: int
    """Port for clients that use StartTLS or no TLS."""
    ldaps_port: int
    """Port for clients that use LDAPS."""
    in_namespace: bool
    """Whether the server runs in a namespace."""

    def command(self, argv: list[str], ports: Mapping[int, int] | None = None) -> list[str]:
        """Return the command line that runs a program at this address, in a namespace if necessary.

        :param argv: command line of the program.
        :param ports: ports to which clients connect, by the port on which the program listens.
        """
        return namespace_command(argv, ports or {}) if self.in_namespace else argv


def _allocate_address() -> tuple[_ServerAddress, contextlib.AbstractContextManager[object]]:
    """Return an address for a server, and a context manager that reserves it.

    In a namespace, no reservation is needed, because each namespace has its own addresses.
    """
    if _can_bind_low_ports():
        address, reservation = _reserve_address()
        server = _ServerAddress(
            address=address,
            names=(address,),
            ldap_port=389,
            ldaps_port=636,
            in_namespace=False,
        )
        return server, reservation
    ldap_port, ldaps_port = free_ports()
    server = _ServerAddress(
        address="127.0.0.1",
        names=("localhost", "127.0.0.1"),
        ldap_port=ldap_port,
        ldaps_port=ldaps_port,
        in_namespace=True,
    )
    return server, contextlib.nullcontext()


def _can_bind_low_ports() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 389))
        except PermissionError:
            return False
        except OSError:  # the port is in use, so the user has permission to bind to it
            return True
    return True


def can_run_samba() -> bool:
    """Return whether the current user can run a domain controller, with or without a namespace."""
    return _can_bind_low_ports() or can_create_namespaces()


def _reserve_address() -> tuple[str, socket.socket]:
    """Return an unused address in 127.0.0.0/8, and a socket that reserves the address until the socket is closed."""
    while True:
        address = ".".join(["127", *(str(random.randint(1, 254)) for _part in range(3))])
        reservation = socket.socket()
        try:
            reservation.bind((address, _RESERVATION_PORT))
        except OSError:
            reservation.close()
            continue
        _check_ports(address)
        return address, reservation


def _check_ports(address: str) -> None:
    """Check that a server can bind to its ports.

    If it cannot, Samba itself only logs an error.

    :raises RuntimeError: if a port is in use, or if permission is denied.
    """
    for port in _PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                raise RuntimeError(
                    f"Cannot run Samba on {address}:{port}: {error}. Stop programs that listen on port {port}"
                    " on all addresses. If permission is denied, run as root or with CAP_NET_BIND_SERVICE."
                ) from error


def _realm(company: Company, address: str, folder: Path) -> Realm:
    return Realm(
        name=company.domain.upper(),
        kdc=address,
        keytab=folder / f"{SERVICE_ACCOUNT}.keytab",
        other_keytab=folder / f"{STALE_ACCOUNT}.keytab",
        service_keytab=folder / "service.keytab",
    )


def _setup_data(directory: RunningDirectory, address: str, smb_conf: Path) -> dict[str, Any]:
    """Return the input of samba_setup.py."""
    company = directory.company
    realm = _realm(company, address, smb_conf.parent)
    entries: list[dict[str, Any]] = [
        {"dn": entry.dn, "identity": str(entry.identity), "attributes": entry.attributes}
        for entry in DIALECT.entries(company)
    ]
    entries.append(
        _account_entry(
            directory, SERVICE_ACCOUNT, control=ENABLED_ACCOUNT | _PASSWORD_NEVER_EXPIRES
        )
    )
    stale = _account_entry(directory, STALE_ACCOUNT, control=ENABLED_ACCOUNT)
    entries.append({**stale, "password_last_set": str(filetime(datetime(2020, 1, 1, tzinfo=UTC)))})
    return {
        "smb_conf": str(smb_conf),
        "cache": str(_CACHE),
        "realm": realm.name,
        "netbios_domain": company.netbios_domain,
        "hostname": _HOSTNAME,
        "address": address,
        "administrator_password": directory.administrator.password,
        "entries": entries,
        # Samba's dnsupdate service, which would add principals for host names, does not run here.
        "service_principals": [f"ldap/{address}", OTHER_SERVICE],
        "keytabs": {
            SERVICE_ACCOUNT: str(realm.keytab),
            STALE_ACCOUNT: str(realm.other_keytab),
            OTHER_SERVICE: str(realm.service_keytab),
        },
    }


def _account_entry(directory: RunningDirectory, name: str, *, control: int) -> dict[str, Any]:
    """Return the entry of a service account for samba_setup.py.

    All service accounts have the same password.
    """
    company = directory.company
    return {
        "dn": service_dn(company, name),
        "identity": str(identity(name)),
        "attributes": {
            "objectClass": ["user"],
            "sAMAccountName": [name],
            "userPrincipalName": [f"{name}@{company.domain}"],
            "userAccountControl": [str(control)],
        },
        "password": directory.bind_pw,
    }


def _smb_conf(directory: RunningDirectory, address: str, root: Path) -> str:
    """Return the server configuration: only LDAP and Kerberos, and Samba's own files below the working directory."""
    return textwrap.dedent(f"""\
        [global]
        netbios name = {_HOSTNAME.upper()}
        realm = {directory.company.domain.upper()}
        workgroup = {directory.company.netbios_domain}
        server role = active directory domain controller
        server services = ldap kdc
        # As by default in Active Directory, SASL binds over TLS require neither signing nor channel binding.
        ldap server require strong auth = allow_sasl_over_tls
        dcerpc endpoint servers = -mgmt
        # Samba does not listen on the address without the netmask.
        interfaces = {address}/8
        bind interfaces only = yes
        private dir = {root}/private
        state directory = {root}/state
        cache directory = {root}/cache
        lock directory = {root}/lock
        pid directory = {root}/run
        binddns dir = {root}/bind-dns
        ncalrpc dir = {root}/run/ncalrpc
        winbindd socket directory = {root}/run/winbindd
        ntp signd socket directory = {root}/run/ntp_signd
        logging = file
        log file = {root}/{_LOG}
        max log size = 0
        tls enabled = yes
        tls certfile = {directory.certificate.cert_file}
        tls keyfile = {directory.certificate.key_file}
        tls cafile = {directory.ca_file}
        [sysvol]
        path = {root}/state/sysvol
        [netlogon]
        path = {root}/state/sysvol/{directory.company.domain}/scripts
        """)

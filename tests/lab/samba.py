# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Samba Active Directory domain controller of the lab's own.

It needs the packages of packages-root.txt and the right to use ports below 1024: a domain
controller's ports are fixed. So each one gets a loopback address for itself. Clients reach it by
that address, for which no name exists.

Who has not that right is root in a namespace of his own, where the server has a loopback to itself;
clients reach it by ports of 127.0.0.1.
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

_SYSTEM_PYTHON = "/usr/bin/python3"  # the only one that has Debian's python3-samba
_PORTS = (389, 636, 3268, 3269, KDC_PORT)
_RESERVATION_PORT = 38_900
_HOSTNAME = "dc"
_PASSWORD_NEVER_EXPIRES = 0x10000  # DONT_EXPIRE_PASSWD (MS-ADTS, 2.2.16)
_LOG = "samba.log"
_CACHE = Path(__file__).parents[2] / ".cache" / "samba"
"""Where an empty domain is kept, for to make one takes seconds."""

DIALECT = Dialect(
    identity_attribute="objectGUID",
    person=("user",),
    contact=("contact",),
    computer=("computer",),
    group=("group",),
)
"""How Active Directory calls things."""


@contextlib.contextmanager
def samba(
    company: Company, authority: Authority, *, certificate: Certificate | None = None
) -> Iterator[RunningDirectory]:
    """Run a domain controller with the company in it.

    Without a certificate given it has one for where it is reached. One for an address bears the address as an
    iPAddress and as its common name, and no DNS names: where Python has no `ssl.match_hostname` any
    more (3.12), ldap3 2.9.1 compares DNS names only, and the common name if there are none.
    """
    server, reservation = _allocate_address()
    with reservation, ProcessSupervisor() as supervisor:
        address = server.address
        certificate = certificate or authority.issue(*server.names, common_name=server.names[0])
        directory = RunningDirectory(
            company=company,
            dialect=DIALECT,
            uri_ldaps=f"ldaps://{server.names[0]}:{server.ldaps}",
            uri_ldap=f"ldap://{server.names[0]}:{server.ldap}",
            ca_file=authority.ca_file,
            certificate=certificate,
            bind_dn=service_dn(company),
            bind_pw=new_password(),
            bind_upn=f"{SERVICE_ACCOUNT}@{company.domain}",
            bind_down_level=f"{company.netbios_domain}\\{SERVICE_ACCOUNT}",
            people_filter=None,
            administrator=Login(f"Administrator@{company.domain}", new_password()),
            # Only who has the address can ask for tickets.
            realm=None if server.in_namespace else _realm(company, address, supervisor.directory),
        )
        smb_conf = supervisor.write_file(
            "smb.conf", _smb_conf(directory, address, supervisor.directory)
        )
        setup = supervisor.write_file(
            "setup.json", json.dumps(_setup_data(directory, address, smb_conf))
        )
        script = Path(__file__).with_name("samba_setup.py")
        # -I: this file's own name must not hide the `samba` that the script imports.
        supervisor.run(server.command([_SYSTEM_PYTHON, "-I", str(script), str(setup)]))
        ports = {389: server.ldap, 636: server.ldaps}
        pid = supervisor.start(
            server.command(_server(supervisor.directory, smb_conf), ports), log=_LOG
        )
        wait_until_ready(directory, supervisor, pid, _LOG)
        yield directory


def _server(root: Path, smb_conf: Path) -> list[str]:
    """Return the command line of the server itself."""
    return [
        *("/usr/sbin/samba", f"--configfile={smb_conf}", f"--log-basename={root}"),
        *("--foreground", "--no-process-group", "--model=single", "--debuglevel=1"),
    ]


@dataclass(frozen=True)
class _Address:
    """Where a server runs, and how clients reach it there."""

    address: str
    """What it listens on."""
    names: tuple[str, ...]
    """What clients call it, the first one above all."""
    ldap: int
    ldaps: int
    """Ports for clients."""
    in_namespace: bool
    """Whether it is in a namespace."""

    def command(self, argv: list[str], ports: Mapping[int, int] | None = None) -> list[str]:
        """Return how a program is run there; `ports` are to be reached from outside."""
        return namespace_command(argv, ports or {}) if self.in_namespace else argv


def _allocate_address() -> tuple[_Address, contextlib.AbstractContextManager[object]]:
    """Find a place for a server, and what keeps it from others until it is left."""
    if _can_bind_low_ports():
        address, reservation = _reserve_address()
        return _Address(address, (address,), 389, 636, in_namespace=False), reservation
    server = _Address("127.0.0.1", ("localhost", "127.0.0.1"), *free_ports(), in_namespace=True)
    return server, contextlib.nullcontext()


def _can_bind_low_ports() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 389))
        except PermissionError:
            return False
        except OSError:  # somebody has it, which is another matter
            return True
    return True


def can_run_samba() -> bool:
    """Tell whether this user can run a domain controller here, one way or the other."""
    return _can_bind_low_ports() or can_create_namespaces()


def _reserve_address() -> tuple[str, socket.socket]:
    """Find an address of 127.0.0.0/8; it is kept from others until the socket is closed."""
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
    """Try the ports before the server does, which would only log that it failed."""
    for port in _PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                raise RuntimeError(
                    f"Samba cannot listen on {address}:{port}: {error}. A domain controller needs"
                    " ports below 1024, free on every address (root, or CAP_NET_BIND_SERVICE)."
                ) from error


def _realm(company: Company, address: str, folder: Path) -> Realm:
    keytabs = (folder / f"{name}.keytab" for name in (SERVICE_ACCOUNT, STALE_ACCOUNT, "service"))
    return Realm(company.domain.upper(), address, *keytabs)


def _setup_data(directory: RunningDirectory, address: str, smb_conf: Path) -> dict[str, Any]:
    """Say what samba_setup.py has to do."""
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
        # What the server's own dnsupdate service would add at run time, for names.
        "service_principals": [f"ldap/{address}", OTHER_SERVICE],
        "keytabs": {
            SERVICE_ACCOUNT: str(realm.keytab),
            STALE_ACCOUNT: str(realm.other_keytab),
            OTHER_SERVICE: str(realm.service_keytab),
        },
    }


def _account_entry(directory: RunningDirectory, name: str, *, control: int) -> dict[str, Any]:
    """Say how to make an account for programs, with the service account's password."""
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
    """Write the server's configuration: every path below the working directory, LDAP and Kerberos only."""
    return textwrap.dedent(f"""\
        [global]
        netbios name = {_HOSTNAME.upper()}
        realm = {directory.company.domain.upper()}
        workgroup = {directory.company.netbios_domain}
        server role = active directory domain controller
        server services = ldap kdc
        # As Active Directory does by default.
        ldap server require strong auth = allow_sasl_over_tls
        dcerpc endpoint servers = -mgmt
        # Without the mask it listens nowhere.
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

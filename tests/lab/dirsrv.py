# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A 389 Directory Server on free ports of 127.0.0.1, without root permissions.

The instance is created in a temporary directory from the templates of the package, because `dscreate` requires
root permissions and a directory below /etc.
"""

from __future__ import annotations

import base64
import contextlib
import getpass
import hashlib
import re
import secrets
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    NoEncryption,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate

from tests.lab.process_supervisor import ProcessSupervisor
from tests.lab.standard_ldap import SCHEMA, ldif, plan_directory, start_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.authority import Authority, Certificate
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

_PROGRAM = "/usr/sbin/ns-slapd"
_TEMPLATES = Path("/usr/share/dirsrv/data")
_CONFIGURATION = Path("/etc/dirsrv")
_BACKEND = "company"
_CERTIFICATE_NAME = "Server-Cert"  # the name in the template of the configuration

# Plug-ins for the attribute entryUUID (RFC 4530) and its syntax. The template does not contain these plug-ins.
_PLUGINS = """\
    dn: cn=entryuuid_syntax,cn=plugins,cn=config
    objectClass: nsSlapdPlugin
    cn: entryuuid_syntax
    nsslapd-pluginId: entryuuid_syntax
    nsslapd-pluginDescription: entryuuid_syntax
    nsslapd-pluginVendor: 389 Project
    nsslapd-pluginVersion: none
    nsslapd-pluginPath: libentryuuid-syntax-plugin
    nsslapd-pluginInitfunc: entryuuid_syntax_plugin_init
    nsslapd-pluginType: syntax
    nsslapd-pluginEnabled: on

    dn: cn=entryuuid,cn=plugins,cn=config
    objectClass: nsSlapdPlugin
    objectClass: extensibleObject
    cn: entryuuid
    nsslapd-pluginId: entryuuid
    nsslapd-pluginDescription: entryuuid
    nsslapd-pluginVendor: 389 Project
    nsslapd-pluginVersion: none
    nsslapd-pluginPath: libentryuuid-plugin
    nsslapd-pluginInitfunc: entryuuid_plugin_init
    nsslapd-pluginType: betxnpreoperation
    nsslapd-pluginEnabled: on
    """
_READ_ACI = (
    '(targetattr != "userPassword")'
    '(version 3.0; acl "Accounts read"; allow (read, search, compare) userdn = "ldap:///all";)'
)


@contextlib.contextmanager
def dirsrv(
    company: Company, authority: Authority, *, certificate: Certificate | None = None
) -> Iterator[RunningDirectory]:
    """Run a 389 Directory Server with the data of the company.

    :param certificate: certificate of the server; None to issue one for localhost and 127.0.0.1.
    """
    directory = plan_directory(company, authority, certificate)
    with ProcessSupervisor() as supervisor:
        root = supervisor.directory
        configuration = _create_instance(directory, supervisor)
        _create_certificate_database(directory, supervisor)
        # An offline import stores passwords unchanged, so they must be hashed beforehand.
        people = ldif(directory, _hash_password(directory.bind_pw), {"aci": [_READ_ACI]})
        source = str(supervisor.write_file("company.ldif", people))
        config_option = ("-D", str(configuration.parent))
        supervisor.run([_PROGRAM, "ldif2db", *config_option, "-n", _BACKEND, "-i", source])
        prepared = configuration.read_text("utf-8")

        def command(plain: int, tls: int) -> list[str]:
            ports = f"nsslapd-port: {plain}\nnsslapd-secureport: {tls}"
            text = re.sub(r"^nsslapd-port: .*$", ports, prepared, count=1, flags=re.MULTILINE)
            configuration.write_text(text, "utf-8")
            # -d keeps the server in the foreground.
            return [_PROGRAM, *config_option, "-i", str(root / "run/pid"), "-d", "0"]

        yield start_server(directory, supervisor, command, {})


def _create_instance(directory: RunningDirectory, supervisor: ProcessSupervisor) -> Path:
    """Create an instance, and return the path of its configuration, an LDIF file."""
    root = supervisor.directory
    names = ("bak", "cert", "db", "inst", "ldif", "lock", "log", "run", "tmp")
    for name in names:
        (root / name).mkdir()
    shutil.copytree(_CONFIGURATION / "config", root / "config")
    schema = root / "config/schema"
    shutil.copytree(_CONFIGURATION / "schema", schema)
    (schema / "98account.ldif").write_text(_schema(), "utf-8")
    values = {
        **{f"{name}_dir": str(root / name) for name in names},
        "schema_dir": str(schema),
        "config_dir": str(root / "config"),
        "db_home_dir": str(root / "db"),
        "db_lib": "mdb",
        "fqdn": "localhost",
        "ds_port": "0",
        "ds_user": getpass.getuser(),
        "ds_suffix": directory.base_dn,
        "ds_bename": _BACKEND,
        "ds_passwd": _hash_password(directory.administrator.password),
        "rootdn": directory.administrator.dn,
        "ldapi": str(root / "run/ldapi"),
        "ldapi_enabled": "off",
        "ldapi_autobind": "off",
    }
    templates = ("template-dse.ldif", "template-suffix-db.ldif")
    parts = [(_TEMPLATES / name).read_text("utf-8").strip() for name in templates]
    text = "\n\n".join([*parts, textwrap.dedent(_PLUGINS)])
    text = re.sub(r"%(\w+)%", lambda match: values[match[1]], text)
    listening = "nsslapd-listenhost: 127.0.0.1\nnsslapd-securelistenhost: 127.0.0.1"
    text = text.replace("cn: config\n", f"cn: config\nnsslapd-security: on\n{listening}\n", 1)
    return supervisor.write_file("config/dse.ldif", text)


def _schema() -> str:
    """Return the contents of `account.schema` as an LDIF entry."""
    lines = [line for line in SCHEMA.read_text("utf-8").splitlines() if line[:1] not in ("", "#")]
    text = "\n".join(["dn: cn=schema", "objectClass: top", *lines, ""])
    return text.replace("\nattributetype (", "\nattributeTypes: (").replace(
        "\nobjectclass (", "\nobjectClasses: ("
    )


def _hash_password(password: str) -> str:
    """Return the salted SHA-512 hash of a password, in the format of the server."""
    salt = secrets.token_bytes(8)
    digest = hashlib.sha512(password.encode() + salt).digest()
    return "{SSHA512}" + base64.b64encode(digest + salt).decode("ascii")


def _create_certificate_database(
    directory: RunningDirectory, supervisor: ProcessSupervisor
) -> None:
    """Create the NSS certificate database that the server reads instead of PEM files."""
    files = directory.certificate
    key = load_pem_private_key(files.key_file.read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    certificate = load_pem_x509_certificate(files.cert_file.read_bytes())
    name = _CERTIFICATE_NAME.encode()
    bundle = supervisor.write_file("certificate.p12", "")
    bundle.write_bytes(
        pkcs12.serialize_key_and_certificates(name, key, certificate, None, NoEncryption())
    )
    database_option = ("-d", f"sql:{supervisor.directory / 'cert'}")
    supervisor.run(["certutil", "-N", *database_option, "--empty-password"])
    supervisor.run(["pk12util", "-i", str(bundle), *database_option, "-W", ""])
    trusted = ("-n", "authority", "-t", "CT,,", "-i", str(directory.ca_file))
    supervisor.run(["certutil", "-A", *database_option, *trusted])

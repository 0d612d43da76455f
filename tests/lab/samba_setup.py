# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create an Active Directory domain and add its entries before the server starts.

    /usr/bin/python3 samba_setup.py SETUP.json

The script runs in Debian's Python because it needs python3-samba. SETUP.json contains settings such as the path of
smb.conf, the name of the domain, the password of its administrator and the entries. They are passed in a file because
the command line of a process, and thus a password in it, is visible to all users.

The entries are added offline, in one transaction. This is faster, and a running server does not support setting
objectGUID (the `relax` control) or pwdLastSet.
"""

# The type checker does not find the samba and ldb modules, which come from Debian packages.
from __future__ import annotations

import fcntl
import hashlib
import importlib
import json
import logging
import shutil
import sys
import uuid
from pathlib import Path
from typing import Any

import ldb  # type: ignore[import-not-found] # see above
from samba import dsdb, version  # type: ignore[import-not-found] # see above
from samba.auth import system_session  # type: ignore[import-not-found] # see above
from samba.credentials import Credentials  # type: ignore[import-not-found] # see above
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2  # type: ignore[import-not-found] # see above
from samba.net import Net  # type: ignore[import-not-found] # see above
from samba.param import LoadParm  # type: ignore[import-not-found] # see above
from samba.provision import provision  # type: ignore[import-not-found] # see above
from samba.samdb import SamDB  # type: ignore[import-not-found] # see above

_RELAX = "relax:0"
# Prevents Samba from setting pwdLastSet to the current time.
_KEEP_PWD_LAST_SET = f"local_oid:{dsdb.DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID}:0"
_SAMDB_OPTIONS = ["batch_mode:1"]


def provision_from_cache(setup: dict[str, Any], parameters: Any) -> None:
    """Copy the empty domain from the cache.

    If the cache does not contain the domain, provision it, which takes several seconds, and copy it to the cache.
    """
    directory, cache = Path(setup["smb_conf"]).parent, Path(setup["cache"])
    names = [setup[name] for name in ("realm", "netbios_domain", "hostname")]
    source = Path(__file__).read_text(encoding="utf-8")
    key = hashlib.sha256("\n".join([source, version, *names]).encode()).hexdigest()
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / key).exists():
            provision_domain(setup, parameters)
            # Delete outdated domains, such as those of older Samba versions, and incomplete copies of killed runs.
            for other in filter(Path.is_dir, cache.iterdir()):
                shutil.rmtree(other)
            for folder in filter(Path.is_dir, directory.iterdir()):
                shutil.copytree(folder, cache / "incomplete" / folder.name)
            (cache / "incomplete").rename(cache / key)
            return
        shutil.copytree(cache / key, directory, dirs_exist_ok=True)


def provision_domain(setup: dict[str, Any], parameters: Any) -> None:
    """Provision the domain: the schema, the well-known entries and the administrator."""
    provision(
        logging.getLogger("provision"),
        system_session(),
        smbconf=setup["smb_conf"],
        lp=parameters,
        realm=setup["realm"],
        domain=setup["netbios_domain"],
        hostname=setup["hostname"],
        hostip=setup["address"],
        serverrole="active directory domain controller",
        dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
        dns_backend="NONE",
        # The ACLs of SYSVOL are only needed for file sharing, and not all file systems support them.
        skip_sysvolacl=True,
    )


def add_entries(setup: dict[str, Any], parameters: Any) -> None:
    """Set the administrator's password, then add the entries and service principals in one transaction."""
    database = SamDB(
        url=parameters.private_path("sam.ldb"),
        session_info=system_session(),
        lp=parameters,
        options=_SAMDB_OPTIONS,
    )
    database.setpassword("(sAMAccountName=Administrator)", setup["administrator_password"])
    database.transaction_start()
    for entry in setup["entries"]:
        database.add(_message(entry), controls=[_RELAX])
        if "password_last_set" in entry:
            _set_password_time(database, entry)
    add_service_principals(setup, database)
    database.transaction_commit()


def add_service_principals(setup: dict[str, Any], database: Any) -> None:
    """Add the service principals to the account of the domain controller."""
    (controller,) = database.search(
        database.domain_dn(), expression=f"(sAMAccountName={setup['hostname']}$)", attrs=["1.1"]
    )
    name = "servicePrincipalName"
    message = ldb.Message(controller.dn)
    message[name] = ldb.MessageElement(setup["service_principals"], ldb.FLAG_MOD_ADD, name)
    database.modify(message)


def export_keytabs(setup: dict[str, Any], parameters: Any) -> None:
    """Write keytabs, with mode 0600 because a keytab is as sensitive as a password."""
    importlib.import_module("samba.dckeytab")  # adds export_keytab to Net
    net = Net(Credentials(), parameters)
    for account, keytab in setup["keytabs"].items():
        net.export_keytab(keytab=keytab, principal=f"{account}@{setup['realm']}")
        Path(keytab).chmod(0o600)


def _set_password_time(database: Any, entry: dict[str, Any]) -> None:
    message = ldb.Message(ldb.Dn(database, entry["dn"]))
    name = "pwdLastSet"
    message[name] = ldb.MessageElement(entry["password_last_set"], ldb.FLAG_MOD_REPLACE, name)
    database.modify(message, controls=[_KEEP_PWD_LAST_SET])


def _message(entry: dict[str, Any]) -> dict[str, Any]:
    message = {"dn": entry["dn"], **entry["attributes"]}
    # The first three fields of a GUID are little-endian (MS-DTYP, 2.3.4.2).
    message["objectGUID"] = uuid.UUID(entry["identity"]).bytes_le
    if "password" in entry:
        # unicodePwd is the password in quotation marks, encoded in UTF-16 (MS-ADTS, 3.1.1.3.1.5).
        message["unicodePwd"] = f'"{entry["password"]}"'.encode("utf-16-le")
    return message


def main() -> None:
    """Create the domain described by the file given on the command line."""
    setup = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    parameters = LoadParm()
    parameters.load(setup["smb_conf"])
    provision_from_cache(setup, parameters)
    add_entries(setup, parameters)
    export_keytabs(setup, parameters)


if __name__ == "__main__":
    main()

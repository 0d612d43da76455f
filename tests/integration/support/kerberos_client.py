# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that exports from a directory with Kerberos authentication."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.lab.entries import SERVICE_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.support.modules import ModuleResult
    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory
    from tests.lab.kerberos import Realm

WRONG_PASSWORD = "Pw7.not-the-password-at-all"
# The header of a ticket cache file: a fixed part, followed by the clock offset of the KDC in seconds
# (MIT Kerberos, "Credential cache file format").
_CACHE_HEADER, _CLOCK_OFFSET = bytes.fromhex("0504 000c 0001 0008"), struct.Struct(">i")


@dataclass(frozen=True)
class KerberosClient:
    """A host with a krb5.conf for a realm, and a directory in that realm."""

    directory: RunningDirectory
    realm: Realm
    workspace: Workspace

    @property
    def principal(self) -> str:
        """The Kerberos principal of the service account."""
        return f"{SERVICE_ACCOUNT}@{self.realm.name}"

    def export(self, env: Mapping[str, str] | None = None, **options: Any) -> ModuleResult:
        """Run an export with Kerberos, and assert that it shows no passwords and creates only the exported files.

        :param env: additional environment variables of the module.
        :param options: options to replace, or to remove if the value is None.
        """
        conf = self.workspace.root / "krb5.conf"
        if not conf.exists():
            conf.write_text(self.realm.conf(), "utf-8")
        before = self.workspace.files()
        overrides = {"auth_protocol": "kerberos", "bind_dn": None, "bind_pw": None, **options}
        result = run_module(
            self.workspace,
            "ad_contacts_export",
            export_options(self.directory, self.workspace, **overrides),
            env={"KRB5_CONFIG": str(conf), **(env or {})},
        )
        for secret in (self.directory.bind_pw, WRONG_PASSWORD):
            assert secret not in result.output
        new = set(self.workspace.files()) - set(before)
        assert new <= {"contacts.csv", "contacts.csv.ids"}
        return result

    def export_error(self, env: Mapping[str, str] | None = None, **options: Any) -> str:
        """Run an export in the same way as `export`, assert that it fails, and return its error message."""
        message = self.export(env, **options).message
        assert not self.workspace.dest.exists()
        return message

    def options_without_tls(self) -> dict[str, Any]:
        """Return options for a connection without TLS."""
        return {"server_uri": [self.directory.uri_ldap], "ca_path": None}

    def make_ticket_cache(self, *, clock_offset: int = 0) -> str:
        """Obtain a ticket with kinit, and return the path of the ticket cache.

        :param clock_offset: number of seconds by which, according to the ticket cache, the KDC's clock is ahead.
        """
        path = self.workspace.root / "ticket"
        conf = self.workspace.root / "krb5.conf"
        conf.write_text(self.realm.conf(), "utf-8")
        subprocess.run(
            ["kinit", "-k", "-t", str(self.realm.keytab), "-c", str(path), self.principal],
            env=self.workspace.environment({"KRB5_CONFIG": str(conf)}),
            check=True,
        )
        content = path.read_bytes()
        assert content.startswith(_CACHE_HEADER)
        end = len(_CACHE_HEADER) + _CLOCK_OFFSET.size
        path.write_bytes(_CACHE_HEADER + _CLOCK_OFFSET.pack(clock_offset) + content[end:])
        return str(path)

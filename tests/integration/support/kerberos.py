# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that reads a directory by Kerberos."""

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

    from tests.integration.support.modules import Answer
    from tests.integration.support.place import Place
    from tests.lab.directory import RunningDirectory
    from tests.lab.kerberos import Realm

WRONG = "Pw7.not-the-password-at-all"
# What the header of a ticket cache holds before the offset of the center's clock, in seconds, and behind it
# (MIT Kerberos, "Credential cache file format").
_HEAD, _OFFSET = bytes.fromhex("0504 000c 0001 0008"), struct.Struct(">i")


@dataclass(frozen=True)
class Client:
    """A host whose Kerberos knows the realm, and who reads from it."""

    directory: RunningDirectory
    realm: Realm
    place: Place

    @property
    def principal(self) -> str:
        """The service account, as Kerberos calls it."""
        return f"{SERVICE_ACCOUNT}@{self.realm.name}"

    def export(self, env: Mapping[str, str] | None = None, **options: Any) -> Answer:
        """Run an export by Kerberos; nothing may be left behind but what it is to write."""
        conf = self.place.root / "krb5.conf"
        if not conf.exists():
            conf.write_text(self.realm.conf(), "utf-8")
        before = self.place.files()
        given = {"auth_protocol": "kerberos", "bind_dn": None, "bind_pw": None, **options}
        answer = run_module(
            self.place,
            "ad_contacts_export",
            export_options(self.directory, self.place, **given),
            env={"KRB5_CONFIG": str(conf), **(env or {})},
        )
        for secret in (self.directory.bind_pw, WRONG):
            assert secret not in answer.output
        new = set(self.place.files()) - set(before)
        assert new <= {"contacts.csv", "contacts.csv.ids"}
        return answer

    def refused(self, env: Mapping[str, str] | None = None, **options: Any) -> str:
        """Run an export that must fail; return its error."""
        message = self.export(env, **options).message
        assert not self.place.dest.exists()
        return message

    def plain(self) -> dict[str, Any]:
        """The way in without TLS."""
        return {"server_uri": [self.directory.uri_ldap], "ca_path": None}

    def ticket(self, *, clock: int = 0) -> str:
        """Get a ticket as people do.

        :param clock: seconds by which the center's clock is ahead, as far as the ticket cache knows.
        """
        path = self.place.root / "ticket"
        conf = self.place.root / "krb5.conf"
        conf.write_text(self.realm.conf(), "utf-8")
        subprocess.run(
            ["kinit", "-k", "-t", str(self.realm.keytab), "-c", str(path), self.principal],
            env=self.place.environment({"KRB5_CONFIG": str(conf)}),
            check=True,
        )
        content = path.read_bytes()
        assert content.startswith(_HEAD)
        end = len(_HEAD) + _OFFSET.size
        path.write_bytes(_HEAD + _OFFSET.pack(clock) + content[end:])
        return str(path)

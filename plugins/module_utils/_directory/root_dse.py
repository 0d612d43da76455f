# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The root DSE: what a directory server says of itself (RFC 4512, 5.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .diagnosis import ServerError, explain_failure, result_error
from .library import FAILURES, ldap3

# LDAP_CAP_ACTIVE_DIRECTORY_OID and LDAP_CAP_ACTIVE_DIRECTORY_ADAM_OID (MS-ADTS 3.1.1.3.4.3).
_AD_CAPABILITY = "1.2.840.113556.1.4.800"
_AD_LDS_CAPABILITY = "1.2.840.113556.1.4.1851"

# domainControllerFunctionality: the newest Windows Server that the controller can be one of (MS-ADTS
# 3.1.1.3.2.25). There is none for the releases of 2019 and 2022.
_WINDOWS_SERVER_RELEASES = {
    "0": "2000",
    "2": "2003",
    "3": "2008",
    "4": "2008 R2",
    "5": "2012",
    "6": "2012 R2",
    "7": "2016 or newer",
    "10": "2025",
}

_ATTRIBUTES = (
    *("objectClass", "vendorName", "vendorVersion", "namingContexts", "supportedCapabilities"),
    *("supportedSASLMechanisms", "supportedExtension", "domainControllerFunctionality"),
    *("dnsHostName", "currentTime"),
)


@dataclass(frozen=True)
class RootDse:
    """What the root DSE holds.

    :ivar values: by attribute name in lower case. What the server does not say, or does not let this account
        read, is missing.
    """

    values: Mapping[str, Sequence[str]]

    def get_all(self, name: str) -> Sequence[str]:
        """The values of an attribute, by its name in lower case."""
        return self.values.get(name, ())

    def get_first(self, name: str) -> str:
        """The one value of an attribute, or nothing."""
        return next(iter(self.get_all(name)), "")

    @property
    def is_active_directory(self) -> bool:
        """Whether the server is a domain controller of Active Directory, by Microsoft or by Samba."""
        return _AD_CAPABILITY in self.get_all("supportedcapabilities")

    @property
    def product(self) -> str:
        """What the server is, as far as it says; nothing when it says nothing at all."""
        if not self.values:
            return ""
        vendor = self.get_first("vendorname")
        if self.is_active_directory:
            return "Samba Active Directory" if "samba" in vendor.lower() else "Active Directory"
        if _AD_LDS_CAPABILITY in self.get_all("supportedcapabilities"):
            return "Active Directory Lightweight Directory Services"
        if "openldaprootdse" in (name.lower() for name in self.get_all("objectclass")):
            return "OpenLDAP"
        # It gives its own name in front of its version, and that of the project as the vendor.
        if self.get_first("vendorversion").startswith("389-Directory"):
            return "389 Directory Server"
        return vendor or "an LDAP server that does not say which"

    @property
    def version(self) -> str:
        """Which release of its product the server is, as far as it says."""
        version = self.get_first("vendorversion")
        release = _WINDOWS_SERVER_RELEASES.get(self.get_first("domaincontrollerfunctionality"))
        if self.is_active_directory and not version and release:
            return f"Windows Server {release}"
        return version.partition("/")[2] or version

    @property
    def clock(self) -> datetime | None:
        """The server's own time in UTC; only Active Directory says it."""
        text = self.get_first("currenttime").partition(".")[0]
        try:
            return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
        except ValueError:
            return None


def read_root_dse(connection: Any, uri: str) -> RootDse:
    """Ask a server what it is. Most tell it those who have not bound, too.

    :param connection: ldap3's.
    :param uri: the server, for errors.
    :raises ServerError: when there is no answer.
    :raises DirectoryError: when the server refuses.
    """
    action = f"Cannot read the root DSE of {uri}"
    try:
        connection.search("", "(objectClass=*)", ldap3.BASE, attributes=list(_ATTRIBUTES))
    except FAILURES as error:
        raise ServerError(action, *explain_failure(error, None)) from None
    if connection.result["result"] != 0:
        raise result_error(action, connection.result)
    values: dict[str, Sequence[str]] = {}
    for entry in connection.response or ():
        for name, raw in entry.get("raw_attributes", {}).items():
            # ldap3 gives None for an attribute without values.
            values[name.lower()] = [bytes(value).decode(errors="replace") for value in raw or ()]
    return RootDse(values)

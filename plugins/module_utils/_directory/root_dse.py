# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The root DSE, in which a server describes itself (RFC 4512, 5.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .diagnosis import ServerError, explain_failure, result_error
from .entry import ENTRY_UUID, OBJECT_GUID
from .library import FAILURES, ldap3

# LDAP_CAP_ACTIVE_DIRECTORY_OID and LDAP_CAP_ACTIVE_DIRECTORY_ADAM_OID (MS-ADTS 3.1.1.3.4.3).
_AD_CAPABILITY = "1.2.840.113556.1.4.800"
_AD_LDS_CAPABILITY = "1.2.840.113556.1.4.1851"

# Windows Server releases by domainControllerFunctionality (MS-ADTS 3.1.1.3.2.25). Windows Server 2019 and 2022 have
# the same value as Windows Server 2016.
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
    *("defaultNamingContext", "dnsHostName", "currentTime", "subschemaSubentry"),
)


@dataclass(frozen=True)
class RootDse:
    """The root DSE of a server.

    :ivar values: values by lowercase attribute name. Attributes that do not exist, or that the account is not
        allowed to read, are missing.
    """

    values: Mapping[str, Sequence[str]]

    def get_all(self, name: str) -> Sequence[str]:
        """Return the values of an attribute.

        :param name: lowercase name of the attribute.
        """
        return self.values.get(name, ())

    def get_first(self, name: str) -> str:
        """Return the first value of an attribute; empty if it has none.

        :param name: lowercase name of the attribute.
        """
        return next(iter(self.get_all(name)), "")

    @property
    def is_active_directory(self) -> bool:
        """Whether the server is an Active Directory domain controller, from Microsoft or Samba."""
        return _AD_CAPABILITY in self.get_all("supportedcapabilities")

    @property
    def is_lightweight(self) -> bool:
        """Whether the server is an instance of Active Directory Lightweight Directory Services."""
        return _AD_LDS_CAPABILITY in self.get_all("supportedcapabilities")

    @property
    def identity_attribute(self) -> str:
        """Attribute that identifies an entry on this server."""
        return OBJECT_GUID if self.is_active_directory or self.is_lightweight else ENTRY_UUID

    @property
    def product(self) -> str:
        """Name of the server software; empty if the root DSE is empty."""
        if not self.values:
            return ""
        vendor = self.get_first("vendorname")
        if self.is_active_directory:
            return "Samba Active Directory" if "samba" in vendor.lower() else "Active Directory"
        if self.is_lightweight:
            return "Active Directory Lightweight Directory Services"
        if "openldaprootdse" in (name.lower() for name in self.get_all("objectclass")):
            return "OpenLDAP"
        # 389 Directory Server returns its name in vendorVersion, and the name of the project in vendorName.
        if self.get_first("vendorversion").startswith("389-Directory"):
            return "389 Directory Server"
        return vendor or "unknown LDAP server"

    @property
    def version(self) -> str:
        """Version of the server software; empty if it is unknown."""
        version = self.get_first("vendorversion")
        release = _WINDOWS_SERVER_RELEASES.get(self.get_first("domaincontrollerfunctionality"))
        if self.is_active_directory and not version and release:
            return f"Windows Server {release}"
        return version.partition("/")[2] or version

    @property
    def clock(self) -> datetime | None:
        """Current time of the server in UTC; None if it is unknown.

        Most servers other than Active Directory do not report it.
        """
        text = self.get_first("currenttime").partition(".")[0]
        try:
            return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
        except ValueError:
            return None


def read_root_dse(connection: Any, uri: str) -> RootDse:
    """Read the root DSE, which most servers return even before a bind.

    :param connection: ldap3 connection.
    :param uri: URI of the server for error messages.
    :raises ServerError: if the server does not respond.
    :raises DirectoryError: if the server returns an error.
    """
    action = f"Cannot read the root DSE of {uri}"
    try:
        connection.search(
            "",
            "(objectClass=*)",
            ldap3.BASE,
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=list(_ATTRIBUTES),
        )
    except FAILURES as error:
        raise ServerError(action, *explain_failure(error, None)) from None
    if connection.result["result"] != 0:
        raise result_error(action, connection.result)
    values: dict[str, Sequence[str]] = {}
    for entry in connection.response or ():
        for name, raw in entry.get("raw_attributes", {}).items():
            # ldap3 returns None for an attribute without values.
            values[name.lower()] = [bytes(value).decode(errors="replace") for value in raw or ()]
    return RootDse(values)

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place where ldap3 is imported, so that a module can say clearly what is wrong with it."""

from __future__ import annotations

import traceback
from dataclasses import replace

from .._library import Library

# What ldap3's decoding stumbles over when a server speaks no LDAP. It makes a number's worth of bytes of a number
# in the place of a string, and goes into any depth.
NO_LDAP: tuple[type[Exception], ...] = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    MemoryError,
    RecursionError,
)

# What ldap3 raises: these, its own exceptions, and those of the socket.
FAILURES: tuple[type[Exception], ...] = (*NO_LDAP, OSError)

# The oldest release that knows Python 3.9 and newer.
LDAP3 = Library("ldap3", "2.9.1")

# What Red Hat Enterprise Linux 9 has. Only those need it who bind with a ticket; it is imported then.
GSSAPI = Library("gssapi", "1.6.9")

# What ldap3 needs for NTLM: MD4 where OpenSSL has none any more, which is in most places, and from its release
# 2.10 on what reads a certificate. The oldest releases with wheels for Python 3.9 and newer.
PYCRYPTODOME = Library("pycryptodome", "3.10.1")
CRYPTOGRAPHY = Library("cryptography", "3.4.4")

try:
    import ldap3
    import ldap3.core.exceptions
    import ldap3.operation.search
    import ldap3.protocol.rfc2696
    import ldap3.protocol.sasl.sasl
    import ldap3.utils.asn1

    # Its dictionaries of attributes without case, from 2.10 on, take sn;lang-de for sn, and a part of the values
    # of member for all of them. Plain ones have the server's own names.
    ldap3.set_config_parameter("CASE_INSENSITIVE_ATTRIBUTE_NAMES", False)
    FAILURES = (ldap3.core.exceptions.LDAPExceptionError, *FAILURES)
    LDAP3 = replace(LDAP3, package=ldap3)
except ImportError:
    LDAP3 = replace(LDAP3, failure=traceback.format_exc())
    # The name is imported by others all the same.
    ldap3 = None  # type: ignore[assignment]  # nobody uses it: the module ends first

__all__ = ["CRYPTOGRAPHY", "FAILURES", "GSSAPI", "LDAP3", "NO_LDAP", "PYCRYPTODOME", "ldap3"]

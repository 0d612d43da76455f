# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The libraries of the directory client: ldap3, and libraries that are only imported when they are needed.

This file is importable without ldap3, so that the modules can report that ldap3 is missing or outdated.
"""

from __future__ import annotations

import traceback
from dataclasses import replace

from .._library import Library

# Exceptions that ldap3's decoder raises if a response is not LDAP. If the decoder finds an integer instead of a string,
# it tries to allocate that number of bytes (MemoryError). It does not limit its recursion depth (RecursionError).
DECODE_ERRORS: tuple[type[Exception], ...] = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    MemoryError,
    RecursionError,
)

# All exceptions that ldap3 raises: those of its decoder, those of sockets, and LDAPExceptionError (added below).
FAILURES: tuple[type[Exception], ...] = (*DECODE_ERRORS, OSError)

# The oldest release that supports Python 3.9 and newer.
LDAP3 = Library("ldap3", "2.9.1")

# The release in Red Hat Enterprise Linux 9. Only imported for binds with Kerberos.
GSSAPI = Library("gssapi", "1.6.9")

# Libraries that ldap3 needs for NTLM, but does not declare as dependencies. Before release 2.10, it needs pycryptodome
# for MD4, unless OpenSSL provides MD4, which current releases do not do by default. From 2.10 on, it needs cryptography
# to parse the certificate for channel binding; for MD4, it then uses pycryptodomex, a declared dependency. The versions
# are the oldest releases with wheels for Python 3.9 and newer.
PYCRYPTODOME = Library("pycryptodome", "3.10.1")
CRYPTOGRAPHY = Library("cryptography", "3.4.4")

try:
    import ldap3
    import ldap3.core.exceptions
    import ldap3.operation.search
    import ldap3.protocol.rfc2696
    import ldap3.protocol.sasl.sasl
    import ldap3.utils.asn1

    # From 2.10 on, ldap3's case-insensitive dictionaries of attributes return sn;lang-de for sn, and a single
    # range of member values for member. Regular dictionaries contain the names that the server returns.
    ldap3.set_config_parameter("CASE_INSENSITIVE_ATTRIBUTE_NAMES", False)
    FAILURES = (ldap3.core.exceptions.LDAPExceptionError, *FAILURES)
    LDAP3 = replace(LDAP3, package=ldap3)
except ImportError:
    LDAP3 = replace(LDAP3, failure=traceback.format_exc())
    # Other files import this name unconditionally.
    ldap3 = None  # type: ignore[assignment]  # never used: the modules fail first

__all__ = ["CRYPTOGRAPHY", "DECODE_ERRORS", "FAILURES", "GSSAPI", "LDAP3", "PYCRYPTODOME", "ldap3"]

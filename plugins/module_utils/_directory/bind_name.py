# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Explanations of binds that fail because of the form or the domain of the name.

A simple bind requires a DN (RFC 4513, 5.1.3). Active Directory accepts other forms, among them a user principal name
and ``DOMAIN\user``, but not an account name without a domain (MS-ADTS 5.1.1.1.1). The server's response to an
unsuitable name is usually the same as to a wrong password.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .._errors import Diagnosis
from .dn import escape_dn_value, get_domain, is_dn
from .root_dse import RootDse

_REQUIRING_DN = ("OpenLDAP", "389 Directory Server")
"""Products (see `RootDse.product`) whose simple bind accepts only DNs."""

_ACCOUNT_NAME = re.compile(r"(?:[^\\@]+\\)?([^\\@]+)(?:@[^\\@]+)?")


def explain_bind_name(name: str, root_dse: RootDse, *, is_dn_required: bool) -> Diagnosis | None:
    """Explain why a server might not find the account of a rejected bind.

    :param name: value of bind_dn.
    :param root_dse: root DSE of the server.
    :param is_dn_required: whether the server has reported that the name is not a valid DN.
    :returns: the explanation; None if no problem with the form or the domain of the name is known.
    """
    contexts = root_dse.get_all("defaultnamingcontext") or root_dse.get_all("namingcontexts")
    held = [domain for domain in map(get_domain, contexts) if domain]
    if is_dn(name):
        return _explain_domain(get_domain(name), held)
    if is_dn_required or root_dse.product in _REQUIRING_DN:
        return _require_dn(name, contexts)
    if not root_dse.is_active_directory:
        return None
    _account, separator, suffix = name.rpartition("@")
    if separator:
        return _explain_domain(suffix.lower(), held)
    if "\\" in name or "/" in name or not held:
        return None
    account = name if " " not in name else "NAME"
    return Diagnosis(
        "the password is wrong, or the server does not accept the name because it contains no domain",
        f"Set O(bind_dn) to {account}@{held[0]} or DOMAIN\\{account}, or correct O(bind_pw)",
    )


def _explain_domain(asked: str, held: list[str]) -> Diagnosis | None:
    if not asked or not held or asked in held:
        return None
    return Diagnosis(
        f"the name or the password is wrong; this server holds the domain {held[0]}, not {asked}",
        "Correct O(bind_dn) or O(bind_pw), or set O(server_uri) to a server of the domain"
        f" {asked}, or O(domain) to {asked}",
    )


def _require_dn(name: str, contexts: Sequence[str]) -> Diagnosis:
    match = _ACCOUNT_NAME.fullmatch(name)
    account = escape_dn_value(match[1] if match and " " not in name else "NAME")
    suffix = next(iter(contexts), "dc=corp,dc=example")
    return Diagnosis(
        "this server requires a DN as the name, and O(bind_dn) is not a DN",
        f"Set O(bind_dn) to the DN of the account, such as uid={account},ou=people,{suffix}",
    )

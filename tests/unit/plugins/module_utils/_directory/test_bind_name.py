# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of explaining a failed bind by the form or the domain of the name."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.bind_name import (
    explain_bind_name,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.root_dse import RootDse

CONTEXT = "dc=corp,dc=example"
ACTIVE_DIRECTORY = RootDse(
    {
        "supportedcapabilities": ["1.2.840.113556.1.4.800"],
        "namingcontexts": [f"CN=Configuration,{CONTEXT}", CONTEXT],
        "defaultnamingcontext": [CONTEXT],
    }
)
OPENLDAP = RootDse({"objectclass": ["top", "OpenLDAProotDSE"], "namingcontexts": [CONTEXT]})
OTHER = RootDse({"vendorname": ["Vendor"], "namingcontexts": [CONTEXT]})
UNREADABLE = RootDse({})
CORRECT = (
    "Correct O(bind_dn) or O(bind_pw), or set O(server_uri) to a server of the domain"
    " other.example, or O(domain) to other.example"
)
NO_DOMAIN = (
    "the password is wrong, or the server does not accept the name because it contains no domain"
)
NOT_DN = "this server requires a DN as the name, and O(bind_dn) is not a DN"


@pytest.mark.parametrize(
    ("name", "cause", "remedy"),
    [
        (
            "svc-sync",
            NO_DOMAIN,
            "Set O(bind_dn) to svc-sync@corp.example or DOMAIN\\svc-sync, or correct O(bind_pw)",
        ),
        (
            "Sync Account",
            NO_DOMAIN,
            "Set O(bind_dn) to NAME@corp.example or DOMAIN\\NAME, or correct O(bind_pw)",
        ),
        *(
            (
                name,
                "the name or the password is wrong; this server holds the domain corp.example, not other.example",
                CORRECT,
            )
            for name in ("svc@other.example", "svc@OTHER.example", "CN=svc,DC=other,DC=Example")
        ),
    ],
)
def test_names_without_a_domain_or_with_another_domain_are_explained(
    name: str, cause: str, remedy: str
) -> None:
    assert explain_bind_name(name, ACTIVE_DIRECTORY, is_dn_required=False) == (cause, remedy)


@pytest.mark.parametrize(
    ("name", "root_dse"),
    [
        ("svc@CORP.example", ACTIVE_DIRECTORY),
        ("CORP\\svc", ACTIVE_DIRECTORY),
        ("corp.example/Users/svc", ACTIVE_DIRECTORY),
        (f"CN=svc,{CONTEXT}", ACTIVE_DIRECTORY),
        (f"CN=svc,{CONTEXT}", OPENLDAP),
        # The root DNs of OpenLDAP and 389 Directory Server can be outside the naming contexts.
        ("cn=Directory Manager", OPENLDAP),
        # Other servers might accept account names.
        *(("svc", root_dse) for root_dse in (OTHER, UNREADABLE)),
    ],
)
def test_names_that_might_be_suitable_are_not_explained(name: str, root_dse: RootDse) -> None:
    assert explain_bind_name(name, root_dse, is_dn_required=False) is None


@pytest.mark.parametrize(
    ("name", "root_dse", "example"),
    [
        ("svc", OPENLDAP, f"uid=svc,ou=people,{CONTEXT}"),
        ("svc@corp.example", OPENLDAP, f"uid=svc,ou=people,{CONTEXT}"),
        ("CORP\\svc+1", OPENLDAP, f"uid=svc\\+1,ou=people,{CONTEXT}"),
        ("Sync Account", OPENLDAP, f"uid=NAME,ou=people,{CONTEXT}"),
        ("svc", UNREADABLE, "uid=svc,ou=people,dc=corp,dc=example"),
    ],
)
def test_a_name_that_is_not_a_dn_is_explained_if_the_server_requires_a_dn(
    name: str, root_dse: RootDse, example: str
) -> None:
    remedy = f"Set O(bind_dn) to the DN of the account, such as {example}"
    is_dn_required = root_dse is UNREADABLE
    assert explain_bind_name(name, root_dse, is_dn_required=is_dn_required) == (NOT_DN, remedy)

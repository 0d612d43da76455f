# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts: which options belong together."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import (
    Account,
    check_account,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError

SIMPLE = Account("simple", "svc@x.no", "s3cret")
ANONYMOUS = Account("anonymous")


@pytest.mark.parametrize("account", [SIMPLE, ANONYMOUS])
def test_options_that_belong_together(account: Account) -> None:
    check_account(account)


def _missing(option: str) -> str:
    return (
        f"Cannot bind: {option} is empty. "
        f"Set {option}, or FRONTDESK_{option.upper()} in the environment."
    )


def _no_account(option: str) -> str:
    return (
        f"Cannot use {option} with auth_protocol anonymous: who reads anonymously has no account. "
        f"Leave out {option}, or choose another auth_protocol."
    )


@pytest.mark.parametrize(
    ("account", "message"),
    [
        (SIMPLE._replace(bind_dn=""), _missing("bind_dn")),
        (SIMPLE._replace(bind_pw=""), _missing("bind_pw")),
        (ANONYMOUS._replace(bind_dn="svc"), _no_account("bind_dn")),
        (ANONYMOUS._replace(bind_pw="s3cret"), _no_account("bind_pw")),
    ],
)
def test_options_that_contradict(account: Account, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_account(account)
    assert str(caught.value) == message


@pytest.mark.parametrize(("account", "text"), [(SIMPLE, "as svc@x.no"), (ANONYMOUS, "anonymously")])
def test_an_account_is_told_without_its_password(account: Account, text: str) -> None:
    assert str(account) == text
    assert repr(account) == f"Account({text})"

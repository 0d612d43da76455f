# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts that Active Directory does not let in, though the password is right: it says why, and so do we."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import ldap3
import pytest

from tests.integration.support.exports import refused_export
from tests.lab.directory import Login, new_password
from tests.lab.entries import DISABLED, ENABLED_ACCOUNT, STALE_ACCOUNT, service_dn
from tests.lab.person import filetime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.place import Place
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.entries import Attributes
    from tests.lab.person import Person

YESTERDAY = filetime(datetime.now(UTC) - timedelta(days=1))
SOUND = {
    "userAccountControl": [str(ENABLED_ACCOUNT)],
    "accountExpires": ["0"],
    "pwdLastSet": ["-1"],  # now (MS-ADTS, 3.1.1.3.1.5.5)
    "logonHours": [],
    "userWorkstations": [],
}
"""An account without anything that keeps it out."""


@pytest.fixture(scope="module")
def reader(fjord: Company) -> Person:
    """Somebody with an account of their own that tests do things to."""
    return replace(fjord.canary_person, account="reader", display_name="Reader (test)")


@pytest.fixture(scope="module")
def account(active_directory: RunningDirectory, reader: Person) -> Iterator[Login]:
    """The reader's account, there for these tests alone."""
    active_directory.add_person(reader)
    dn, password = active_directory.find_dn(reader), new_password()
    with active_directory.session() as session:
        session.extend.microsoft.modify_password(dn, password)
    yield Login(dn, password)
    active_directory.delete_person(reader)


def refused_bind(directory: RunningDirectory, login: Login, place: Place) -> str:
    """Run an export that the account must not get into; return why, without what is always said."""
    message = refused_export(directory, place, bind_dn=login.dn, bind_pw=login.password)
    tried = f"Cannot bind to {directory.uri_ldaps} as {login.dn}: "
    assert message.startswith(tried)
    return message.removeprefix(tried)


def reason(meaning: str, code: str, remedy: str) -> str:
    return (
        f"{meaning} (result 49 invalidCredentials, 80090308: LdapErr: DSID-0C0903A9, comment:"
        f" AcceptSecurityContext error, data {code}, v1db1). {remedy}."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            {"userAccountControl": [str(ENABLED_ACCOUNT | DISABLED)]},
            reason("the account is disabled", "533", "Enable the bind account"),
            id="disabled",
        ),
        pytest.param(
            {"accountExpires": [str(YESTERDAY)]},
            reason("the account has expired", "701", "Extend the expiry date of the bind account"),
            id="expired",
        ),
        pytest.param(
            {"pwdLastSet": ["0"]},
            reason(
                "the password must be changed first",
                "773",
                "Set a new password for the bind account",
            ),
            id="with a password that must be changed",
        ),
        pytest.param(
            {"logonHours": ["\0" * 21]},  # a bit for each hour of the week
            reason("the account may not log on at this hour", "530", "Extend its logon hours"),
            id="at another hour",
        ),
        pytest.param(
            {"userWorkstations": ["NOWHERE"]},
            reason(
                "the account may not log on from this computer",
                "531",
                "Remove its workstation restriction",
            ),
            id="from another computer",
        ),
    ],
)
def test_account_that_is_kept_out(
    *,
    change: Attributes,
    message: str,
    active_directory: RunningDirectory,
    reader: Person,
    account: Login,
    place: Place,
) -> None:
    active_directory.modify(reader, {**SOUND, **change})
    assert refused_bind(active_directory, account, place) == message


def test_account_whose_password_has_expired(
    active_directory: RunningDirectory, place: Place
) -> None:
    login = Login(service_dn(active_directory.company, STALE_ACCOUNT), active_directory.bind_pw)
    assert refused_bind(active_directory, login, place) == reason(
        "the password has expired", "532", "Set a new password for the bind account"
    )


@pytest.fixture
def lockout(active_directory: RunningDirectory, reader: Person) -> Iterator[None]:
    """One wrong password locks an account."""

    def allow(wrong_passwords: int) -> None:
        with active_directory.session() as session:
            change = {"lockoutThreshold": [(ldap3.MODIFY_REPLACE, [str(wrong_passwords)])]}
            session.modify(active_directory.base_dn, change)

    allow(1)
    yield
    allow(0)
    active_directory.modify(reader, {"lockoutTime": ["0"]})


@pytest.mark.usefixtures("lockout")
def test_account_that_is_locked(
    active_directory: RunningDirectory, reader: Person, account: Login, place: Place
) -> None:
    active_directory.modify(reader, SOUND)
    wrong = replace(account, password=new_password())
    assert "the name or the password is wrong" in refused_bind(active_directory, wrong, place)
    assert refused_bind(active_directory, account, place) == reason(
        "the account is locked out",
        "775",
        "Unlock it, and find out what uses a wrong password for it",
    )

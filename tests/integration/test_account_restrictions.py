# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors for accounts that Active Directory rejects despite a correct password."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import ldap3
import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.lab.directory import Login, new_password
from tests.lab.entries import DISABLED, ENABLED_ACCOUNT, STALE_ACCOUNT, service_dn
from tests.lab.person import filetime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.workspace import Workspace
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.entries import Attributes
    from tests.lab.person import Person

YESTERDAY = filetime(datetime.now(UTC) - timedelta(days=1))
UNRESTRICTED = {
    "userAccountControl": [str(ENABLED_ACCOUNT)],
    "accountExpires": ["0"],
    "pwdLastSet": ["-1"],  # now (MS-ADTS, 3.1.1.3.1.5.5)
    "logonHours": [],
    "userWorkstations": [],
}
"""Attributes of an account without restrictions."""


@pytest.fixture(scope="module")
def reader(company: Company) -> Person:
    """The person whose account these tests restrict."""
    return replace(company.canary_person, account="reader", display_name="Reader (test)")


@pytest.fixture(scope="module")
def login(active_directory: RunningDirectory, reader: Person) -> Iterator[Login]:
    """The bind name and the password of `reader`.

    The account exists only during the tests of this module.
    """
    active_directory.add_person(reader)
    dn, password = active_directory.find_dn(reader), new_password()
    with active_directory.session() as session:
        session.extend.microsoft.modify_password(dn, password)
    yield Login(dn, password)
    active_directory.delete_person(reader)


def bind_error(directory: RunningDirectory, login: Login, workspace: Workspace) -> str:
    """Run an export with a rejected account, and return the cause and the remedy from the error message."""
    message = run_failing_export(directory, workspace, bind_dn=login.dn, bind_pw=login.password)
    prefix = f"Cannot bind to {directory.uri_ldaps} as {login.dn}: "
    assert message.startswith(prefix)
    return message.removeprefix(prefix)


def expected_error(cause: str, code: str, remedy: str) -> str:
    return (
        f"{cause} (result 49 invalidCredentials, 80090308: LdapErr: DSID-0C0903A9, comment:"
        f" AcceptSecurityContext error, data {code}, v1db1). {remedy}."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            {"userAccountControl": [str(ENABLED_ACCOUNT | DISABLED)]},
            expected_error("the account is disabled", "533", "Enable the bind account"),
            id="disabled",
        ),
        pytest.param(
            {"accountExpires": [str(YESTERDAY)]},
            expected_error(
                "the account has expired", "701", "Extend the expiry date of the bind account"
            ),
            id="expired",
        ),
        pytest.param(
            {"pwdLastSet": ["0"]},
            expected_error(
                "the password must be changed first",
                "773",
                "Set a new password for the bind account",
            ),
            id="password must be changed",
        ),
        pytest.param(
            {"logonHours": ["\0" * 21]},  # one bit per hour of the week
            expected_error(
                "the account is not allowed to log on at this time", "530", "Extend its logon hours"
            ),
            id="outside logon hours",
        ),
        pytest.param(
            {"userWorkstations": ["NOWHERE"]},
            expected_error(
                "the account is not allowed to log on from this computer",
                "531",
                "Remove its workstation restriction",
            ),
            id="workstation not allowed",
        ),
    ],
)
def test_the_error_names_the_restriction_of_the_account(
    *,
    change: Attributes,
    message: str,
    active_directory: RunningDirectory,
    reader: Person,
    login: Login,
    workspace: Workspace,
) -> None:
    active_directory.modify(reader, {**UNRESTRICTED, **change})
    assert bind_error(active_directory, login, workspace) == message


def test_an_expired_password_is_reported(
    active_directory: RunningDirectory, workspace: Workspace
) -> None:
    login = Login(service_dn(active_directory.company, STALE_ACCOUNT), active_directory.bind_pw)
    assert bind_error(active_directory, login, workspace) == expected_error(
        "the password has expired", "532", "Set a new password for the bind account"
    )


@pytest.fixture
def lockout(active_directory: RunningDirectory, reader: Person) -> Iterator[None]:
    """During the test, lock accounts after one wrong password."""

    def set_lockout_threshold(wrong_passwords: int) -> None:
        with active_directory.session() as session:
            change = {"lockoutThreshold": [(ldap3.MODIFY_REPLACE, [str(wrong_passwords)])]}
            session.modify(active_directory.base_dn, change)

    set_lockout_threshold(1)
    yield
    set_lockout_threshold(0)
    active_directory.modify(reader, {"lockoutTime": ["0"]})


@pytest.mark.usefixtures("lockout")
def test_a_locked_account_is_reported(
    active_directory: RunningDirectory, reader: Person, login: Login, workspace: Workspace
) -> None:
    active_directory.modify(reader, UNRESTRICTED)
    wrong_login = replace(login, password=new_password())
    assert "the name or the password is wrong" in bind_error(
        active_directory, wrong_login, workspace
    )
    assert bind_error(active_directory, login, workspace) == expected_error(
        "the account is locked out",
        "775",
        "Unlock it, and find the program that uses a wrong password for it",
    )

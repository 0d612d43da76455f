# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for all integration tests: shared directory servers, and a service and a workspace for each test."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.workspace import Workspace
from tests.lab.authority import Authority, authority
from tests.lab.company import Company, build_company
from tests.lab.dirsrv import dirsrv
from tests.lab.openldap import openldap
from tests.lab.receiver import Receiver, receiver
from tests.lab.samba import samba

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.directory import RunningDirectory

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def company() -> Company:
    """The fictional company whose people are in every directory."""
    return build_company()


@pytest.fixture(scope="session")
def ca() -> Iterator[Authority]:
    """The certificate authority of the lab's servers."""
    with authority() as created:
        yield created


@pytest.fixture(scope="session")
def active_directory(company: Company, ca: Authority) -> Iterator[RunningDirectory]:
    """Samba as an Active Directory domain controller.

    Tests must undo their changes.
    """
    with samba(company, ca) as running:
        yield from _assert_restored(running)


@pytest.fixture(scope="session")
def open_ldap(company: Company, ca: Authority) -> Iterator[RunningDirectory]:
    """OpenLDAP with the people of the company.

    Tests must undo their changes.
    """
    with openldap(company, ca) as running:
        yield from _assert_restored(running)


@pytest.fixture(scope="session")
def ds_389(company: Company, ca: Authority) -> Iterator[RunningDirectory]:
    """389 Directory Server with the people of the company.

    Tests must undo their changes.
    """
    with dirsrv(company, ca) as running:
        yield from _assert_restored(running)


def _assert_restored(running: RunningDirectory) -> Iterator[RunningDirectory]:
    """Yield a directory, then assert that the result of `RunningDirectory.contents` has not changed."""
    before = running.contents()
    yield running
    after = running.contents()
    changed = [dn for dn in before | after if before.get(dn) != after.get(dn)]
    assert not changed, f"{running.uri_ldaps} was not restored: {changed}"


@pytest.fixture(scope="session")
def expected_files(
    open_ldap: RunningDirectory, tmp_path_factory: pytest.TempPathFactory, collections_path: Path
) -> dict[str, bytes]:
    """A roster and its identities file, exported from OpenLDAP without a proxy: file contents by relative path."""
    workspace = Workspace.create(tmp_path_factory.mktemp("expected") / "work", collections_path)
    result = run_module(workspace, "ad_contacts_export", export_options(open_ldap, workspace))
    assert result["changed"]
    return workspace.files()


@pytest.fixture
def service(company: Company, ca: Authority) -> Iterator[Receiver]:
    """A front-desk service that has not accepted any uploads yet."""
    with receiver(ca, locations=[site.location for site in company.sites]) as running:
        yield running


@pytest.fixture(scope="session")
def collections_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collections path: ANSIBLE_COLLECTIONS_PATH if set, otherwise a directory with a link to this checkout."""
    if configured := os.environ.get("ANSIBLE_COLLECTIONS_PATH"):
        return Path(configured)
    path = tmp_path_factory.mktemp("collections")
    (path / "ansible_collections/frontdesk").mkdir(parents=True)
    (path / "ansible_collections/frontdesk/contacts").symlink_to(ROOT)
    return path


@pytest.fixture
def workspace(tmp_path: Path, collections_path: Path) -> Workspace:
    """An empty workspace."""
    return Workspace.create(tmp_path / "work", collections_path)

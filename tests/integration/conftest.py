# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's servers, once for all tests, and a place for each test to work in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.place import Place
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
def fjord() -> Company:
    """The lab's company."""
    return build_company()


@pytest.fixture(scope="session")
def issuer() -> Iterator[Authority]:
    """The authority that all servers have their certificates from."""
    with authority() as made:
        yield made


@pytest.fixture(scope="session")
def active_directory(fjord: Company, issuer: Authority) -> Iterator[RunningDirectory]:
    """Samba as an Active Directory domain controller. Who changes it changes it back."""
    with samba(fjord, issuer) as running:
        yield from _changed_back(running)


@pytest.fixture(scope="session")
def open_ldap(fjord: Company, issuer: Authority) -> Iterator[RunningDirectory]:
    """OpenLDAP with the same people. Who changes it changes it back."""
    with openldap(fjord, issuer) as running:
        yield from _changed_back(running)


@pytest.fixture(scope="session")
def ds_389(fjord: Company, issuer: Authority) -> Iterator[RunningDirectory]:
    """389 Directory Server with the same people. Who changes it changes it back."""
    with dirsrv(fjord, issuer) as running:
        yield from _changed_back(running)


def _changed_back(running: RunningDirectory) -> Iterator[RunningDirectory]:
    """Lend a directory, and see that it comes back as it was."""
    before = running.contents()
    yield running
    after = running.contents()
    different = [dn for dn in before | after if before.get(dn) != after.get(dn)]
    assert not different, f"{running.uri_ldaps} was not changed back: {different}"


@pytest.fixture(scope="session")
def right(
    open_ldap: RunningDirectory, tmp_path_factory: pytest.TempPathFactory, collections: Path
) -> dict[str, bytes]:
    """The files that OpenLDAP alone gives: roster and identities."""
    place = Place.make(tmp_path_factory.mktemp("right") / "place", collections)
    answer = run_module(place, "ad_contacts_export", export_options(open_ldap, place))
    assert answer["changed"]
    return place.files()


@pytest.fixture
def service(fjord: Company, issuer: Authority) -> Iterator[Receiver]:
    """A front-desk service that has accepted nothing yet."""
    with receiver(issuer, locations=[site.location for site in fjord.sites]) as running:
        yield running


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the collection is installed: ANSIBLE_COLLECTIONS_PATH, or else this checkout."""
    if given := os.environ.get("ANSIBLE_COLLECTIONS_PATH"):
        return Path(given)
    path = tmp_path_factory.mktemp("collections")
    (path / "ansible_collections/frontdesk").mkdir(parents=True)
    (path / "ansible_collections/frontdesk/contacts").symlink_to(ROOT)
    return path


@pytest.fixture
def place(tmp_path: Path, collections: Path) -> Place:
    """A place to work in, with nothing in it."""
    return Place.make(tmp_path / "place", collections)

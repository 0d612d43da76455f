# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to prove who reads, beside name and password: the same roster, or one clear error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.exports import refused_export
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.place import Place
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

ANONYMOUS: dict[str, Any] = {"auth_protocol": "anonymous", "bind_dn": None, "bind_pw": None}


@pytest.fixture(scope="module")
def expected(
    open_ldap: RunningDirectory, collections: Path, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """The roster by name and password."""
    place = Place.make(tmp_path_factory.mktemp("expected") / "place", collections)
    return roster(open_ldap, place)


def roster(directory: RunningDirectory, place: Place, **more: Any) -> bytes:
    """Everybody, read in the way that the options say."""
    env = {"FRONTDESK_BIND_DN": directory.bind_dn, "FRONTDESK_BIND_PW": directory.bind_pw}
    options = export_options(directory, place, **more)
    answer = run_module(place, "ad_contacts_export", options, env=env)
    assert not answer.failed, answer.result
    assert not answer.warnings
    assert directory.bind_pw not in answer.output
    return place.dest.read_bytes()


@pytest.fixture(scope="module")
def public(fjord: Company, issuer: Authority) -> Iterator[RunningDirectory]:
    """A directory that lets everybody read."""
    with openldap(fjord, issuer, anonymous_reads=True) as running:
        yield running


class TestAnonymous:
    """Nobody in particular reads."""

    @pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
    def test_same_roster(
        self, public: RunningDirectory, expected: bytes, place: Place, scheme: str
    ) -> None:
        if scheme == "ldap":
            options = {**ANONYMOUS, "server_uri": [public.uri_ldap], "ca_path": None}
            assert roster(public, place, **options) == expected
        else:
            assert roster(public, place, **ANONYMOUS) == expected

    def test_active_directory_lets_nobody_read(
        self, active_directory: RunningDirectory, place: Place
    ) -> None:
        options = export_options(active_directory, place, **ANONYMOUS)
        message = run_module(place, "ad_contacts_export", options).message
        base = options["sources"][0]["search_base"]
        assert message.startswith(
            f"source 1 (location 'oslo-hq'): Cannot search {base} on {active_directory.uri_ldaps}:"
            " the server lets nobody read who has not bound (result 1 operationsError, 0000"
        )

    def test_account_that_is_given_all_the_same(
        self, open_ldap: RunningDirectory, place: Place
    ) -> None:
        message = refused_export(open_ldap, place, auth_protocol="anonymous")
        assert message.startswith("Cannot use bind_dn with auth_protocol anonymous: ")

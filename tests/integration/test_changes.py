# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens in a company from day to day, and what its plan says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import Answer, run_module
from tests.integration.support.options import export_options, upload_options
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.place import Place
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

KINDS = ("added", "changed", "moved", "removed")


def sync(directory: RunningDirectory, service: Receiver, place: Place, **more: Any) -> Answer:
    """Export and upload; return what the upload answered."""
    exported = run_module(place, "ad_contacts_export", export_options(directory, place))
    assert not exported.failed, exported.result
    answer = run_module(place, "contact_upload", upload_options(service, place, **more))
    assert not answer.failed, answer.result
    assert answer["uploaded"] == answer["changed"] == any(counts(answer).values())
    return answer


def counts(answer: Answer) -> dict[str, int]:
    return {kind: answer["plan"][kind] for kind in KINDS}


def only(kind: str, number: int = 1) -> dict[str, int]:
    return {**dict.fromkeys(KINDS, 0), kind: number}


@pytest.fixture
def changing(fjord: Company, issuer: Authority) -> Iterator[RunningDirectory]:
    """A directory that a test may change for good."""
    with openldap(fjord, issuer) as running:
        yield running


def test_a_year_at_fjord(
    changing: RunningDirectory, fjord: Company, service: Receiver, place: Place
) -> None:
    everybody = sum(len(fjord.at(site)) for site in fjord.sites) - 1  # Company.unreachable
    first = sync(changing, service, place, initial=True)
    assert counts(first) == only("added", everybody)

    changing.change_last_name(fjord.canary_person, "Østby-D'Arcy")
    married = sync(changing, service, place)
    assert counts(married) == only("changed")
    assert married["service"]["counts"]["removed"] == 0
    assert "Østby-D'Arcy" not in married.output

    changing.modify(fjord.canary_person, {"mail": ["zebedy.ostby@fjord.test"], "mobile": []})
    assert counts(sync(changing, service, place)) == only("changed")

    changing.move_person(fjord.canary_person, fjord.site("bergen"))
    moved = sync(changing, service, place)
    assert counts(moved) == only("moved")
    assert moved["plan"]["by_location"]["bergen"]["moved"] == 1

    # The numbers of two people, swapped: nobody came and nobody went.
    one, other = fjord.at(fjord.site("tromso"))[1:3]
    changing.modify(one, {"mail": [other.mail or "a@fjord.test"]})
    changing.modify(other, {"mail": [one.mail or "b@fjord.test"]})
    assert counts(sync(changing, service, place)) == only("changed", 2)

    changing.add_person(
        replace(fjord.canary_person, account="new.hire", display_name="New, Hire+", mail="n@f.test")
    )
    assert counts(sync(changing, service, place)) == only("added")

    changing.disable_person(fjord.canary_person)
    changing.delete_person(fjord.person_with_comma)
    left = sync(changing, service, place)
    assert counts(left) == only("removed", 2)
    assert left["service"]["counts"]["removed"] == 2
    assert len(service.contacts) == everybody - 1

    unchanged = sync(changing, service, place)
    assert unchanged["plan"]["unchanged"] == everybody - 1
    assert service.uploads == 8 - 1


def test_same_in_active_directory(
    active_directory: RunningDirectory, fjord: Company, service: Receiver, place: Place
) -> None:
    """Marriage with a new name of the object, and a move to another OU, and both back."""
    sync(active_directory, service, place, initial=True)
    marked = fjord.canary_person
    try:
        active_directory.change_last_name(marked, "Østby")
        assert counts(sync(active_directory, service, place)) == only("changed")
        active_directory.move_person(marked, fjord.site("tromso"))
        assert counts(sync(active_directory, service, place)) == only("moved")
    finally:
        active_directory.restore_person(marked)
    assert counts(sync(active_directory, service, place)) == only("moved")


def test_emptied_ou_stops_the_export(
    changing: RunningDirectory, fjord: Company, service: Receiver, place: Place
) -> None:
    sync(changing, service, place, initial=True)
    before = place.files()
    changing.empty_ou(fjord.site_dn(fjord.site("tromso")))
    answer = run_module(place, "ad_contacts_export", export_options(changing, place))
    assert answer.message.startswith("source 3 (location 'tromso'): only 0 contacts in ")
    assert place.files() == before

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stops an upload, what a receipt is worth, and one upload at a time."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import Modules, make_order
from tests.integration.support.options import CHECK, upload_options
from tests.integration.support.place import mode_of
from tests.integration.support.rosters import contacts, write_roster
from tests.integration.support.uploads import run_upload
from tests.lab.receiver import Receiver, receiver

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.authority import Authority

KNOWN = 40
SINCE_FORMAT_2 = ("needs", "checksum", "sequence", "complete")
FIRST_UPLOAD = "If this is the first upload, set initial: true for this run."


@pytest.fixture
def accepted(service: Receiver, place: Place) -> None:
    """The service has taken 40 contacts."""
    write_roster(place.dest, contacts(KNOWN))
    assert run_upload(service, place, initial=True)["uploaded"]


def removed(number: int, why: str, option: str) -> str:
    remedy = (
        f"Review the removals with --check --diff and a higher {option}; if they are correct, run once with"
        " that value."
    )
    return f"Refused to remove {number} of {KNOWN} contacts: {why}. {remedy}"


def test_first_upload_must_be_permitted(service: Receiver, place: Place) -> None:
    write_roster(place.dest, contacts(2))
    answer = run_upload(service, place)
    assert answer.message == (
        "Refused a first upload that adds 2 contacts: no receipt of an earlier upload is in"
        f" {place.state}. {FIRST_UPLOAD}"
    )
    assert answer.result["plan"]["added"] == 2
    assert service.requests == 0


@pytest.mark.usefixtures("accepted")
class TestLimits:
    """More removed than permitted: nothing is sent, and the receipt stays."""

    TOO_MANY_PERCENT = (
        KNOWN - 5,
        removed(5, "this is 12.5%, and max_removed_percent allows 10%", "max_removed_percent"),
    )

    @pytest.mark.parametrize(
        ("left", "message", "options"),
        [
            (*TOO_MANY_PERCENT, {}),
            (*TOO_MANY_PERCENT, {"force": True}),
            (*TOO_MANY_PERCENT, {"initial": True}),
            (*TOO_MANY_PERCENT, CHECK),
            (
                KNOWN - 3,
                removed(3, "max_removed allows 2", "max_removed"),
                {"max_removed": 2},
            ),
            (
                KNOWN - 1,
                removed(1, "max_removed allows 0", "max_removed"),
                {"max_removed": 0, "max_removed_percent": 100},
            ),
        ],
    )
    def test_too_many(
        self,
        left: int,
        message: str,
        options: dict[str, Any],
        service: Receiver,
        place: Place,
    ) -> None:
        write_roster(place.dest, contacts(left))
        before = place.files()
        answer = run_upload(service, place, **options)
        assert answer.message == message
        assert answer.result["plan"]["removed"] == KNOWN - left
        assert answer.result["service"] is None
        assert service.requests == 1
        assert place.files() == before

    def test_as_many_as_permitted(self, service: Receiver, place: Place) -> None:
        write_roster(place.dest, contacts(KNOWN - 4))
        answer = run_upload(service, place)
        assert answer["plan"]["removed"] == 4
        assert answer["service"]["counts"] == {
            "received": 36,
            "added": 0,
            "updated": 0,
            "removed": 4,
        }

    @pytest.mark.parametrize("more", [{}, {"force": True}])
    def test_removing_everybody_always_stops(
        self, more: dict[str, Any], service: Receiver, place: Place
    ) -> None:
        write_roster(place.dest, contacts(2 * KNOWN)[KNOWN:])
        answer = run_upload(service, place, max_removed_percent=100, **more)
        assert answer.message == (
            f"Refused to remove all {KNOWN} contacts: this is never allowed. Check the sources and"
            " the export; to start over, remove the state directory and set initial: true."
        )
        assert service.requests == 1

    def test_small_rosters_have_no_limit_in_percent(self, service: Receiver, place: Place) -> None:
        small = {"state_dir": str(place.root / "small")}
        write_roster(place.dest, contacts(20))
        assert run_upload(service, place, initial=True, **small)["uploaded"]
        write_roster(place.dest, contacts(10))
        assert run_upload(service, place, **small)["plan"]["removed"] == 10


@pytest.mark.usefixtures("accepted")
class TestReceipt:
    """What was accepted, and for whom it counts."""

    def test_nothing_changed(self, service: Receiver, place: Place) -> None:
        answer = run_upload(service, place)
        assert (answer["changed"], answer["uploaded"], answer["service"]) == (False, False, None)
        assert answer["plan"]["unchanged"] == KNOWN
        assert service.requests == 1

    def test_force_sends_what_is_unchanged(self, service: Receiver, place: Place) -> None:
        answer = run_upload(service, place, force=True)
        assert (answer["changed"], answer["uploaded"]) == (True, True)
        assert service.uploads == 2

    def test_state_is_private(self, service: Receiver, place: Place) -> None:
        receipt = json.loads((place.state / "receipt.json").read_text("utf-8"))
        names = {"lock", "receipt.json", f"{receipt['roster']}.csv", f"{receipt['identities']}.ids"}
        assert {path.name for path in place.state.iterdir()} == names
        assert mode_of(place.state) == 0o700
        assert {mode_of(path) for path in place.state.iterdir()} == {0o600}
        assert receipt["endpoint"] == service.url
        assert receipt["rows"] == KNOWN

    def test_only_the_accepted_roster_is_kept(self, service: Receiver, place: Place) -> None:
        write_roster(place.dest, contacts(KNOWN + 1))
        assert run_upload(service, place)["uploaded"]
        assert len(list(place.state.glob("*.csv"))) == len(list(place.state.glob("*.ids"))) == 1
        receipt = json.loads((place.state / "receipt.json").read_text("utf-8"))
        assert [earlier["rows"] for earlier in receipt["history"]] == [KNOWN]

    def test_another_endpoint_has_none(
        self, issuer: Authority, service: Receiver, place: Place
    ) -> None:
        """A switch from a test account to the real one sends everything."""
        with receiver(issuer, locations=["oslo-hq"]) as other:
            answer = run_upload(other, place)
            assert answer.message == (
                f"Refused a first upload that adds {KNOWN} contacts: the receipt in"
                f" {place.state} belongs to another endpoint. {FIRST_UPLOAD}"
            )
            assert other.requests == 0
            assert run_upload(other, place, initial=True)["plan"]["added"] == KNOWN
            assert other.uploads == 1

    def test_a_query_makes_no_other_endpoint(self, service: Receiver, place: Place) -> None:
        assert not run_upload(service, place, url=f"{service.url}?account=7")["changed"]

    def test_another_profile_or_header_has_none(self, service: Receiver, place: Place) -> None:
        answer = run_upload(service, place, profile="other")
        assert f"the receipt in {place.state} belongs to another profile. " in answer.message
        place.dest.write_bytes(place.dest.read_bytes().replace(b"Last Name", b"Surname"))
        answer = run_upload(service, place)
        assert f"the receipt in {place.state} belongs to another header. " in answer.message
        assert service.requests == 1

    @pytest.mark.parametrize(
        ("damage", "problem"),
        [(b"{", "it is damaged (JSONDecodeError)"), (b"{}", "it is damaged (KeyError)")],
    )
    def test_damaged(self, damage: bytes, problem: str, service: Receiver, place: Place) -> None:
        receipt = place.state / "receipt.json"
        receipt.write_bytes(damage)
        assert run_upload(service, place, initial=True).message == (
            f"Cannot use {receipt}: {problem}. Restore it from a backup, or remove the state"
            " directory and upload with initial: true."
        )
        assert service.requests == 1

    def test_of_a_newer_format(self, service: Receiver, place: Place) -> None:
        receipt = place.state / "receipt.json"
        newer = {**json.loads(receipt.read_text("utf-8")), "format": 3, "needs": "2.0.0"}
        receipt.write_text(json.dumps(newer))
        assert run_upload(service, place).message == (
            f"Cannot use {receipt}: its format 3 is newer than 2."
            " Update the collection frontdesk.contacts to 2.0.0 or newer."
        )

    def test_of_the_first_format(self, service: Receiver, place: Place) -> None:
        receipt = place.state / "receipt.json"
        document = json.loads(receipt.read_text("utf-8"))
        first = {name: document[name] for name in document if name not in SINCE_FORMAT_2}
        receipt.write_text(json.dumps({**first, "format": 1}))
        assert not run_upload(service, place)["changed"]
        assert run_upload(service, place, force=True)["uploaded"]
        assert json.loads(receipt.read_text("utf-8"))["format"] == 2

    def test_roster_of_the_receipt_is_gone(self, service: Receiver, place: Place) -> None:
        (roster,) = place.state.glob("*.csv")
        roster.write_bytes(roster.read_bytes()[:-9])
        assert run_upload(service, place).message == (
            f"Cannot use {roster}: it is missing or damaged. Restore it from a backup, or remove"
            " the state directory and upload with initial: true."
        )

    def test_removed_state_directory(self, service: Receiver, place: Place) -> None:
        shutil.rmtree(place.state)
        assert "no receipt of an earlier upload is in" in run_upload(service, place).message


def test_who_is_left_out_counts_as_removed(service: Receiver, place: Place) -> None:
    """Somebody who is still in the directory, but without a valid row, is gone for the service."""
    people = contacts(KNOWN)
    write_roster(place.dest, people)
    run_upload(service, place, initial=True)
    write_roster(place.dest, people[5:], left_out=people[:3])
    answer = run_upload(service, place)
    why = "this is 12.5%, and max_removed_percent allows 10%"
    told = f"{why}; 3 of them are in the directory without a valid row"
    assert answer.message == removed(5, told, "max_removed_percent")
    plan = answer.result["plan"]
    assert (plan["removed"], plan["removed_invalid"]) == (5, 3)
    assert plan["by_location"]["oslo-hq"]["removed_invalid"] == 3


@pytest.mark.usefixtures("accepted")
def test_two_uploads_at_once(service: Receiver, place: Place) -> None:
    write_roster(place.dest, contacts(KNOWN + 1))
    with Modules(place.collections) as others:
        with service.hold() as arrived:
            others.start(make_order(place, "contact_upload", upload_options(service, place)))
            assert arrived.wait(30)
            second = run_upload(service, place)
        assert others.finished()["uploaded"]
    assert second.message == (
        f"Cannot use the state directory {place.state}: another run is using it."
        " Wait until it ends, and schedule the runs further apart."
    )
    assert service.uploads == 2


@pytest.mark.usefixtures("accepted")
def test_without_identities_the_key_tells_people_apart(service: Receiver, place: Place) -> None:
    people = contacts(KNOWN)
    people[0] = people[0]._replace(last_name="Aasen")
    write_roster(place.dest, people, identities=False)
    answer = run_upload(service, place)
    assert answer["plan"]["changed"] == 1
    assert answer.warnings == [
        "The rosters have no matching identities: contacts are identified by Email, SMS Phone"
    ]


@pytest.mark.usefixtures("accepted")
def test_other_identities_alone_send_nothing(service: Receiver, place: Place) -> None:
    """Somebody took over the account of somebody else, to the letter."""
    people = contacts(KNOWN)
    people[0] = people[0]._replace(identity="00000000-0000-4000-8000-000000000000")
    write_roster(place.dest, people)
    answer = run_upload(service, place)
    assert (answer["changed"], answer["uploaded"]) == (True, False)
    assert not run_upload(service, place)["changed"]
    assert service.requests == 1

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the baseline of an export: the missing contacts, and the state directory."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import baseline
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.baseline import (
    explain_removals,
    open_baseline,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.causes_file import Baseline
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import (
    RosterFile,
    ids_path,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.removal_cause import (
    MissingContact,
    RemovalCause,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import StateError
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    roster_file,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_runs import (
    A,
    B,
    C,
    Uploader,
)

DISABLED = RemovalCause("disabled")


class _Lookup:
    """Records for which contacts the causes are looked up.

    :ivar missing: the missing contacts; None if nothing was looked up.
    :ivar left_out: causes for which people have no valid row.
    """

    def __init__(self) -> None:
        self.missing: list[MissingContact] | None = None
        self.left_out: Mapping[MissingContact, str] = {}

    def find_causes(
        self, missing: list[MissingContact], left_out: Mapping[MissingContact, str]
    ) -> Mapping[MissingContact, RemovalCause]:
        self.missing, self.left_out = missing, left_out
        return dict.fromkeys(missing, DISABLED)


def _explain(
    uploader: Uploader, new: RosterFile, location_column: str | None = "Location"
) -> tuple[_Lookup, dict[MissingContact, RemovalCause], Baseline | None]:
    lookup = _Lookup()
    with open_baseline(uploader.state_dir) as known:
        assert known is not None
        causes = explain_removals(known, new, location_column, MEMORY, lookup.find_causes)
    assert causes is not None
    return lookup, dict(causes.by_contact), causes.baseline


def test_contacts_of_the_baseline_that_are_missing_are_looked_up(uploader: Uploader) -> None:
    uploader.write_roster(A, B, C, ("A", "a@x", "lab"), identities="abca")
    receipt = uploader.upload(initial=True).receipt
    assert receipt is not None
    # A keeps one of two contacts, and B moves, so the plan removes only two contacts.
    new = roster_file([A, ("B", "b@x", "bergen")], "ab")
    lookup, causes, known = _explain(uploader, new)
    missing = [MissingContact("a", "lab"), MissingContact("c", "bergen")]
    assert (lookup.missing, lookup.left_out) == (missing, {})
    assert causes == dict.fromkeys(missing, DISABLED)
    assert known == Baseline(receipt.roster, 1)


def test_people_without_a_valid_row_are_passed_on(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    left_out = [LeftOut("c", "bergen", "Email is empty"), LeftOut("z", "oslo", "Name is empty")]
    lookup, _causes, _known = _explain(uploader, roster_file([A, B], "ab", left_out=left_out))
    assert lookup.left_out == {MissingContact("c", "bergen"): "Email is empty"}


def test_contacts_of_unresolved_uploads_are_looked_up(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, ("D", "d@x", "oslo"))
    uploader.next_responses = [b""]
    uploader.upload()
    lookup, _causes, _known = _explain(uploader, roster_file([A, B, C], "abc"))
    assert lookup.missing == [MissingContact("d", "oslo")]


def test_nothing_is_looked_up_if_nobody_is_missing(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    lookup, causes, known = _explain(uploader, roster_file([("A2", *A[1:]), B, C], "abc"))
    assert (lookup.missing, causes) == (None, {})
    assert known is not None


@pytest.mark.parametrize("is_first", [True, False])
def test_no_causes_are_needed_before_the_first_upload_or_if_nothing_has_changed(
    uploader: Uploader, is_first: bool
) -> None:
    if not is_first:
        uploader.upload(initial=True)
    lookup = _Lookup()
    with open_baseline(uploader.state_dir) as known:
        assert known is not None
        new = roster_file([A, B, C], "abc")
        assert explain_removals(known, new, "Location", MEMORY, lookup.find_causes) is None
    assert lookup.missing is None
    with open_baseline(None) as rosters:
        assert rosters is None


def test_a_baseline_that_cannot_be_compared_is_ignored(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    new = roster_file([("A", "oslo")], "a", ("Name", "Site"))
    assert _explain(uploader, new, "Site")[0].missing is None
    assert _explain(uploader, roster_file([("A",)], "a", ("Name",)), None)[0].missing is not None
    ids_path(uploader.src).unlink()
    assert uploader.upload(force=True).uploaded
    assert _explain(uploader, roster_file([A], "a"))[0].missing is None


def test_a_limited_number_of_contacts_is_looked_up(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baseline, "MAX_MISSING", 2)
    uploader.write_roster(*((name, f"{name}@x", "oslo") for name in "abcdef"))
    uploader.upload(initial=True)
    lookup, causes, _known = _explain(uploader, roster_file([("a", "a@x", "oslo")], "a"))
    assert len(causes) == len(lookup.missing or ()) == 2


def test_the_rosters_can_be_read_while_another_run_replaces_them(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    lookup = _Lookup()
    with open_baseline(uploader.state_dir) as known:
        assert known is not None
        uploader.write_roster(A, B)
        assert uploader.upload().uploaded
        explain_removals(known, roster_file([B, C], "bc"), "Location", MEMORY, lookup.find_causes)
    assert lookup.missing == [MissingContact("a", "oslo")]


def test_an_error_names_the_option_of_the_export(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    link = uploader.state_dir.with_name("link")
    link.symlink_to(uploader.state_dir)
    uploader.state_dir.parent.chmod(0o777)
    with pytest.raises(StateError, match="or set baseline to"), open_baseline(link):
        pass


def test_a_damaged_state_is_an_error(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    (uploader.state_dir / "receipt.json").write_text("{")
    with pytest.raises(StateError, match="it is corrupted"), open_baseline(uploader.state_dir):
        pass

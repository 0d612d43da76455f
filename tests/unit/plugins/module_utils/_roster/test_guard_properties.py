# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property-based tests of the guard: monotonic limits, approvals, and complete messages."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    ConfigurationChanges,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.guard import (
    GuardError,
    check_transition,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.limits import (
    MISSING_CHOICES,
    Limits,
    find_exceeded,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.transition import (
    RosterChanges,
    Transition,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.transitions import (
    OTHER_ID,
    PLAN_ID,
    UNRESOLVED,
    roster_changes,
)
from hypothesis import given
from hypothesis import strategies as st

KINDS = ("removed", "moved_from", "moved_to", "changed", "added")
PERCENTAGES = (
    "max_removed_percent",
    "max_removed_per_location_percent",
    "max_moved_percent",
    "max_changed_percent",
    "max_added_percent",
)
LOCATIONS = ("oslo", "bergen", "lab")

_NUMBERS = st.integers(0, 12) | st.sampled_from([99, 100, 101])
_COUNTS = st.dictionaries(st.sampled_from(LOCATIONS), _NUMBERS)
_PERCENT = st.decimals(0, 100, places=1) | st.just(Decimal(0))
_REQUIRED = ((("Email", "a@x"),),)


@st.composite
def _roster_changes(draw: st.DrawFn, label: str) -> RosterChanges:
    rows = draw(_COUNTS)
    counts: dict[str, Any] = {kind: draw(_COUNTS) for kind in KINDS}
    # At most all contacts at a location can be removed; this maximum is drawn often.
    counts["removed"] = {
        location: draw(st.sampled_from([0, rows[location] // 2, rows[location]]))
        for location in rows
    }
    return roster_changes(rows, label, **counts)


@st.composite
def _transitions(draw: st.DrawFn) -> Transition:
    known = tuple(
        draw(_roster_changes(label))
        for label in ("the first", UNRESOLVED)[: draw(st.integers(1, 2))]
    )
    return Transition(
        plan_id=PLAN_ID,
        new_by_location=draw(_COUNTS),
        known=known,
        union=draw(_roster_changes("the first")) if len(known) > 1 else None,
        configuration=ConfigurationChanges(
            unconfigured=tuple(sorted(draw(st.frozensets(st.sampled_from(LOCATIONS)))))
        ),
        missing_before=draw(st.sampled_from([None, *MISSING_CHOICES])),
        unmatched=draw(st.sampled_from([(), (), (1,)])),
    )


@st.composite
def _limits(draw: st.DrawFn) -> Limits:
    percentages: dict[str, Any] = {name: draw(_PERCENT) for name in PERCENTAGES}
    return Limits(
        **percentages,
        max_removed=draw(st.none() | _NUMBERS),
        missing=draw(st.sampled_from(MISSING_CHOICES)),
        must_contain=_REQUIRED,
        initial=draw(st.booleans()),
    )


def _refusal(tested: Transition, limits: Limits) -> str:
    """Return the message with which the guard refuses a transition; empty if the transition passes."""
    try:
        assert check_transition(tested, limits) == ()
    except GuardError as error:
        return str(error)
    return ""


@given(_transitions(), _limits(), st.sampled_from(("max_removed", *PERCENTAGES)), _NUMBERS)
def test_a_higher_limit_never_stops_more_uploads(
    tested: Transition, limits: Limits, name: str, increase: int
) -> None:
    value = getattr(limits, name)
    change: dict[str, Any] = {name: None if value is None else value + increase}
    higher = replace(limits, **change)
    before = {each.limit for each in find_exceeded(tested, limits)}
    assert {each.limit for each in find_exceeded(tested, higher)} <= before
    if not _refusal(tested, limits):
        assert not _refusal(tested, higher)


def _reversed(changes: RosterChanges) -> RosterChanges:
    names = ("by_location", *KINDS)
    fields: dict[str, Any] = {
        name: dict(reversed(list(getattr(changes, name).items()))) for name in names
    }
    return replace(changes, **fields)


@given(_transitions(), _limits())
def test_the_order_of_locations_is_irrelevant(tested: Transition, limits: Limits) -> None:
    other = replace(
        tested,
        known=tuple(map(_reversed, tested.known)),
        union=_reversed(tested.union) if tested.union else None,
    )
    assert _refusal(other, limits) == _refusal(tested, limits)


@given(_transitions(), _limits())
def test_a_refusal_names_every_exceeded_limit(tested: Transition, limits: Limits) -> None:
    exceeded = find_exceeded(tested, limits)
    message = _refusal(tested, limits)
    assert bool(message) is bool(exceeded)
    texts = {"removed_all": " contact", "vanished": "no contacts remain at "}
    for each in exceeded:
        assert texts.get(each.limit, each.limit) in message


@given(_transitions(), _limits())
def test_an_approval_overrides_exactly_the_limits_that_are_not_absolute(
    tested: Transition, limits: Limits
) -> None:
    is_forbidden = bool(tested.unmatched) or (
        limits.missing != "keep"
        and any(
            changes.rows >= 3 and sum(changes.removed.values()) == changes.rows
            for changes in tested.known
        )
    )
    assert bool(_refusal(tested, replace(limits, approved_plan=PLAN_ID))) is is_forbidden
    assert _refusal(tested, replace(limits, approved_plan=OTHER_ID))


@given(_transitions(), _limits())
def test_removals_never_stop_an_upload_if_the_service_keeps_missing_contacts(
    tested: Transition, limits: Limits
) -> None:
    kept = replace(limits, missing="keep")
    known = tuple(replace(changes, removed={}) for changes in tested.known)
    union = replace(tested.union, removed={}) if tested.union else None
    without_removals = replace(tested, known=known, union=union)
    assert _refusal(tested, kept) == _refusal(without_removals, kept)

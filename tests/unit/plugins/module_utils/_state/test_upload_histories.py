# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random histories of uploads, in which people come and go, the service fails, and runs are killed."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._state.lock import exclusive_lock
from ansible_collections.frontdesk.contacts.tests.unit.support.changing_directory import (
    LOCATIONS,
    OPTIONAL_COLUMNS,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.fault_injection import Fault
from ansible_collections.frontdesk.contacts.tests.unit.support.simulated_service import Reaction
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_histories import (
    DEFAULT_LIMITS,
    NO_LIMITS,
    STRICT_LIMITS,
    Run,
    UploadHistory,
    memory_directory,
)
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

_PROFILE = settings()
_COUNT = st.sampled_from([1, 2, 3, 4, 5, 10, 30])
_LOCATION = st.sampled_from(LOCATIONS)
_CHANGE = st.one_of(
    st.tuples(st.just("add"), _COUNT, _LOCATION),
    st.tuples(st.just("remove"), _COUNT),
    st.tuples(st.just("remove_at"), _COUNT, _LOCATION),
    st.tuples(st.just("move"), _COUNT, _LOCATION, _LOCATION),
    st.tuples(st.just("add_location"), _COUNT, _LOCATION),
    st.tuples(st.just("change"), _COUNT, st.sampled_from("abc")),
    st.tuples(st.just("swap_locations"), _LOCATION, _LOCATION),
    st.tuples(st.just("remove_location"), _LOCATION),
    st.tuples(st.just("copy_rows"), _COUNT),
    st.tuples(st.just("replace_all"), _COUNT, _LOCATION),
    st.tuples(st.just("migrate")),
)
"""The name of a method of `ChangingDirectory`, and its arguments."""
_LIMITS = st.sampled_from([DEFAULT_LIMITS, DEFAULT_LIMITS, STRICT_LIMITS, NO_LIMITS])
_REACTION = st.just(Reaction.ACCEPT) | st.sampled_from(Reaction)


class UploadHistories(RuleBasedStateMachine):
    """The rules that generate the histories. `UploadHistory` checks the invariants."""

    def __init__(self) -> None:
        super().__init__()
        self._root = Path(tempfile.mkdtemp(prefix="frontdesk-", dir=memory_directory()))
        self._history = UploadHistory(self._root)
        self._people = self._history.people

    @initialize(counts=st.tuples(st.integers(0, 60), st.integers(0, 20), st.integers(0, 8)))
    def hire(self, counts: tuple[int, ...]) -> None:
        self._people.add(1, LOCATIONS[0])
        for count, location in zip(counts, LOCATIONS):
            self._people.add(count, location)
        self._earlier_people = [dict(self._people.people)]

    @rule(changes=st.lists(_CHANGE, min_size=1, max_size=3))
    def change_people(self, changes: list[tuple[Any, ...]]) -> None:
        for change in changes:
            self._apply(change)

    def _apply(self, change: tuple[Any, ...]) -> None:
        name, *arguments = change
        getattr(self._people, name)(*arguments)

    @rule(uploads=st.integers(1, 3))
    def return_to_earlier_people(self, uploads: int) -> None:
        self._people.people = dict(self._earlier_people[-uploads:][0])

    @rule(title=st.sampled_from(OPTIONAL_COLUMNS))
    def toggle_column(self, title: str) -> None:
        self._people.toggle_column(title)

    @rule(path=st.sampled_from("ab"))
    def change_url(self, path: str) -> None:
        self._history.url = f"https://service.test/{path}"

    @rule(profile=st.sampled_from(["receptionist", "envoy"]))
    def change_profile(self, profile: str) -> None:
        self._history.profile = profile

    @rule(reaction=_REACTION, limits=_LIMITS, initial=st.booleans())
    def upload(self, reaction: Reaction, limits: Any, initial: bool) -> None:
        self._earlier_people.append(dict(self._people.people))
        initial = initial or self._history.is_first
        self._history.run(Run(reaction, limits, initial=initial))

    @rule()
    def upload_as_advised(self) -> None:
        self._history.converge()

    @rule(steps=st.lists(st.tuples(_CHANGE, _REACTION), min_size=1, max_size=3))
    def upload_changes_and_undo_them(self, steps: list[tuple[Any, Reaction]]) -> None:
        self._history.converge()
        people = dict(self._people.people)
        for change, reaction in steps:
            self._apply(change)
            self._history.run(Run(reaction, NO_LIMITS))
        self._people.people = people
        self._history.run(Run())

    @rule(change=_CHANGE)
    def repeat_an_approved_change(self, change: tuple[Any, ...]) -> None:
        self._history.converge()
        before = dict(self._people.people)
        self._apply(change)
        after = dict(self._people.people)
        self._history.converge()
        approved = self._history.last_approval
        self._people.people = before
        self._history.converge()
        self._people.people = after
        self._history.run(Run(approved=approved))

    @rule(reaction=_REACTION)
    def upload_with_an_earlier_approval(self, reaction: Reaction) -> None:
        self._history.run(Run(reaction, approved=self._history.last_approval))

    @rule(reaction=st.sampled_from(Reaction))
    def approve(self, reaction: Reaction) -> None:
        stopped = self._history.run(Run(initial=self._history.is_first))
        if stopped.is_stopped and stopped.outcome is not None:
            self._history.run(replace(self._history.approve(stopped.outcome), reaction=reaction))

    @rule(
        fault=st.sampled_from(Fault),
        position=st.integers(0, 120),
        reaction=_REACTION,
        initial=st.booleans(),
    )
    def upload_with_fault(
        self, fault: Fault, position: int, reaction: Reaction, initial: bool
    ) -> None:
        self._earlier_people.append(dict(self._people.people))
        initial = initial or self._history.is_first
        self._history.run(Run(reaction, initial=initial, fault=fault, position=position))

    @rule()
    def upload_while_another_run_uses_the_state(self) -> None:
        attempts = self._history.service.attempts
        with exclusive_lock(self._history.state_dir):
            result = self._history.run(Run())
        assert "another run is using it" in str(result.error)
        assert self._history.service.attempts == attempts

    @rule()
    def back_up(self) -> None:
        self._history.back_up()

    @rule()
    def restore(self) -> None:
        self._history.restore()

    def teardown(self) -> None:
        try:
            if self._people.people:
                self._history.converge()
        finally:
            shutil.rmtree(self._root)


TestUploadHistories = UploadHistories.TestCase
TestUploadHistories.settings = settings(
    max_examples=max(_PROFILE.max_examples, 2 * min(_PROFILE.max_examples, 100)),
    stateful_step_count=12,
)

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The baseline of an export: the rosters that the service may have, and the contacts missing from the new roster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .._files import snapshot
from .._roster.causes_file import RemovalCauses
from .._roster.external_sort import SpillArea
from .._roster.files import RosterFile
from .._roster.plan import REMOVED, Change, make_plan
from .._roster.removal_cause import EXCLUDED, MissingContact, RemovalCause
from .._state.directory import KnownRosters, read_known_rosters
from .._state.lock import shared_lock
from .._state.receipt import StateError
from .export_options import ReadOptions
from .removal_causes import find_baseline
from .removal_lookup import look_up_causes

MAX_MISSING = 5000
"""Maximum number of missing contacts whose causes are determined."""

FindCauses = Callable[
    [list[MissingContact], Mapping[MissingContact, str]], Mapping[MissingContact, RemovalCause]
]
"""Function that determines the causes of missing contacts. Its second argument contains the causes for which some of
them have no valid row."""


class RemovalLookup:
    """Determines the causes of removals in the directory.

    :param options: options with which the people were read.
    :param render: function that replaces the markers in a message with names of options.
    :ivar warnings: problems that prevented the lookup.
    """

    def __init__(self, options: ReadOptions, render: Callable[[str], str]) -> None:
        self._options = options
        self._render = render
        self.warnings: list[str] = []

    def find_causes(
        self, missing: list[MissingContact], left_out: Mapping[MissingContact, str]
    ) -> Mapping[MissingContact, RemovalCause]:
        """Return the causes for which contacts are missing.

        :param left_out: causes for which some of these people have no valid row.
        """
        found = look_up_causes(self._options, missing, left_out)
        self.warnings += found.warnings
        return {contact: self._show(cause) for contact, cause in found.causes.items()}

    def _show(self, cause: RemovalCause) -> RemovalCause:
        # Only these details contain names of options. A DN must not be changed.
        return (
            cause._replace(detail=self._render(cause.detail)) if cause.kind == EXCLUDED else cause
        )


@contextmanager
def open_baseline(state_dir: Path | None) -> Iterator[KnownRosters | None]:
    """Open the rosters that the service may have, so that they can be read even after another run replaces them.

    :param state_dir: state directory of the upload; None if the export has no baseline.
    :returns: a context manager whose value contains the rosters; None if the export has no baseline.
    :raises StateError: if the state directory cannot be used.
    """
    if state_dir is None:
        yield None
        return
    with ExitStack() as opened:
        with _name_baseline_in_errors(), shared_lock(state_dir):
            known = read_known_rosters(state_dir, lambda path: opened.enter_context(snapshot(path)))
        yield known


def find_accepted_roster(known: KnownRosters | None) -> RosterFile | None:
    """Return the roster that the service accepted last; None if there is none, or if the export has no baseline."""
    return known.baseline.roster if known is not None and known.baseline is not None else None


@contextmanager
def _name_baseline_in_errors() -> Iterator[None]:
    """Name the option of the export in errors, instead of the corresponding option of the upload."""
    try:
        yield
    except StateError as error:
        remedy = error.remedy.replace("O(state_dir)", "O(baseline)")
        raise StateError(error.action, error.cause, remedy) from error


def explain_removals(
    known: KnownRosters,
    new: RosterFile,
    location_column: str | None,
    spill: SpillArea,
    find_causes: FindCauses,
) -> RemovalCauses | None:
    """Return the causes for which contacts of the known rosters are missing from a new roster.

    :param location_column: title of the column that contains the location; None if there is none.
    :param spill: spill area for rows that do not fit in memory.
    :param find_causes: function that determines the causes; it is called only if contacts are missing.
    :returns: the causes; None if no roster is known, or if all known rosters equal the new one.
    """
    if all(_is_equal(stored.roster, new) for stored in known.all):
        return None
    missing = _find_missing(known, new, location_column, spill)
    causes: Mapping[MissingContact, RemovalCause] = {}
    if missing:
        left_out = {
            MissingContact(person.identity, person.location): person.cause
            for person in new.left_out()
            if MissingContact(person.identity, person.location) in missing
        }
        causes = find_causes(sorted(missing), left_out)
    return RemovalCauses(find_baseline(known.state), causes)


def _find_missing(
    known: KnownRosters, new: RosterFile, location_column: str | None, spill: SpillArea
) -> set[MissingContact]:
    """Return contacts of the known rosters that are missing from a new roster, at most `MAX_MISSING`.

    A known roster without identities, or without the location column, is ignored.
    """
    missing: set[MissingContact] = set()

    def add(key: str, change: Change) -> None:
        if key == REMOVED and change.before is not None and len(missing) < MAX_MISSING:
            missing.add(MissingContact(change.before.person_key[0], change.before.location))

    for stored in known.all:
        roster = stored.roster
        has_location = location_column is None or location_column in roster.header
        if roster.open_ids is not None and has_location and not _is_equal(roster, new):
            make_plan(roster, new, new.header, location_column, spill, observe=add)
    return missing


def _is_equal(known: RosterFile, new: RosterFile) -> bool:
    """Return whether two rosters have the same rows and identities."""
    return (known.sha256, known.identities_sha256) == (new.sha256, new.identities_sha256)

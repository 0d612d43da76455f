# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a roster records of the configuration with which it was exported: the locations, and fingerprints of the rest.

Comparing the records of two rosters shows whether a plan is due to a change of the configuration or to a change in the
directory. The fingerprints are hashes, because a filter can contain personal data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

SOURCES, FILTERS, EXCLUSIONS, COLUMNS = "sources", "filters", "exclusions", "columns"
SETTINGS = (SOURCES, FILTERS, EXCLUSIONS, COLUMNS)
"""Groups of settings that have a fingerprint, in the order in which messages name them."""

_FINGERPRINT_LENGTH = 16
"""Number of hexadecimal digits of a fingerprint. It only has to differ from the fingerprint of the previous setting."""


@dataclass(frozen=True)
class RosterConfiguration:
    """The configuration with which a roster was exported.

    :ivar locations: sorted identifiers of the configured locations.
    :ivar fingerprints: fingerprint of each group of settings, by its name in `SETTINGS`.
    """

    locations: tuple[str, ...]
    fingerprints: Mapping[str, str]

    def document(self) -> dict[str, Any]:
        """Return the configuration as a JSON object, which `parse_configuration` reads."""
        return asdict(self)

    def find_changes(self, earlier: RosterConfiguration) -> tuple[str, ...]:
        """Return the groups of settings that differ from an earlier configuration, in the order of `SETTINGS`."""
        return tuple(
            name
            for name in SETTINGS
            if self.fingerprints.get(name) != earlier.fingerprints.get(name)
        )


@dataclass(frozen=True)
class ConfigurationChanges:
    """The differences between the configuration of the known rosters and that of a new roster.

    :ivar settings: groups of settings that have changed since the first known roster, which is the baseline if there is
        one, in the order of `SETTINGS`; None if either configuration is unknown.
    :ivar unconfigured: sorted identifiers of the locations with which a known roster was exported, but not the new
        roster; empty if the configuration of the new roster is unknown.
    """

    settings: tuple[str, ...] | None = None
    unconfigured: tuple[str, ...] = ()


def compare_configurations(
    known: Sequence[RosterConfiguration | None], new: RosterConfiguration | None
) -> ConfigurationChanges:
    """Compare the configuration of a new roster with those of the known rosters.

    :param known: configurations of the known rosters, that of the baseline first; None for an unknown configuration.
    :param new: configuration of the new roster; None if it is unknown.
    """
    if new is None:
        return ConfigurationChanges()
    earlier = {name for each in known if each is not None for name in each.locations}
    first = known[0] if known else None
    return ConfigurationChanges(
        settings=None if first is None else new.find_changes(first),
        unconfigured=tuple(sorted(earlier.difference(new.locations))),
    )


def fingerprint(settings: object) -> str:
    """Return the fingerprint of settings.

    :param settings: settings that can be represented in JSON; equal settings must have the same order.
    """
    document = json.dumps(settings, sort_keys=True).encode("ascii")
    return hashlib.sha256(document).hexdigest()[:_FINGERPRINT_LENGTH]


def parse_configuration(document: object) -> RosterConfiguration | None:
    """Parse the configuration in the first line of an identities file; return None if it has another form.

    Identities files that an earlier version or another program wrote do not contain a configuration.
    """
    if not isinstance(document, dict):
        return None
    locations, fingerprints = document.get("locations"), document.get("fingerprints")
    if not isinstance(locations, list) or not isinstance(fingerprints, dict):
        return None
    return RosterConfiguration(tuple(map(str, locations)), fingerprints)


def unite_configurations(
    configurations: Sequence[RosterConfiguration | None],
) -> RosterConfiguration | None:
    """Return the last configuration with the locations of all configurations; None if the last one is unknown.

    This is the configuration of a roster that contains contacts of several rosters.
    """
    last = configurations[-1]
    locations = {name for each in configurations if each for name in each.locations}
    return last and replace(last, locations=tuple(sorted(locations)))

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads of rosters written by hand, and those that must fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.support.modules import Answer, run_module
from tests.integration.support.options import upload_options

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.support.place import Place
    from tests.lab.receiver import Receiver


def run_upload(service: Receiver, place: Place, **more: Any) -> Answer:
    """Run an upload; its output holds neither the service's token nor the one that was given."""
    options = upload_options(service, place, **more)
    answer = run_module(place, "contact_upload", options)
    for token in (service.token, options.get("token")):
        assert not token or token not in answer.output
    return answer


def refused_upload(service: Receiver, place: Place, **wrong: Any) -> Answer:
    """Run an upload that must fail, be it a first one; nothing counts as accepted after it."""
    answer = run_upload(service, place, initial=True, **wrong)
    assert answer.failed
    assert answer.result["uploaded"] is False
    assert not answer.result.get("changed")
    assert service.uploads == 0
    assert [path.name for path in state_files(place)] in ([], ["lock"])
    return answer


def state_files(place: Place) -> list[Path]:
    """What lies in the state directory."""
    return sorted(place.state.iterdir()) if place.state.exists() else []

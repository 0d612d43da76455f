# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking at a directory with ad_contacts_info."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.support.modules import Answer, run_module
from tests.integration.support.options import access, sources

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.directory import RunningDirectory


def looked_at(directory: RunningDirectory, place: Place, **more: Any) -> Answer:
    """Look at a directory; whatever comes of it, nothing is written and no password is shown.

    :param more: options; None takes one away; `env` is the environment.
    """
    env = more.pop("env", None)
    options = {
        **access(directory),
        "sources": sources(directory),
        "filter": directory.people_filter,
        **more,
    }
    given = {name: value for name, value in options.items() if value is not None}
    before = place.files()
    answer = run_module(place, "ad_contacts_info", given, env=env)
    assert place.files() == before
    assert not answer.warnings
    assert not answer.result.get("changed")
    for password in (directory.bind_pw, options["bind_pw"] or directory.bind_pw):
        assert password not in answer.output
    return answer


def causes(answer: Answer) -> list[str]:
    """What problems were found, each with its place and a remedy."""
    assert all(problem["where"] and problem["remedy"] for problem in answer["problems"])
    return [problem["cause"] for problem in answer["problems"]]

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exports that must fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.directory import RunningDirectory


def refused_export(directory: RunningDirectory, place: Place, **wrong: Any) -> str:
    """Run an export that must fail and leave everything as it was; return its error."""
    place.dest.write_text("the old roster", encoding="utf-8")
    place.dest.with_name("contacts.csv.ids").write_text("the old identities", encoding="utf-8")
    before = place.files()
    options = export_options(directory, place, **wrong)
    answer = run_module(place, "ad_contacts_export", options)
    assert place.files() == before
    for password in (directory.bind_pw, options["bind_pw"]):
        assert password not in answer.output
    return answer.message

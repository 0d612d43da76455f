# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory of rosters: however many people there are, it is bounded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.support.processes import comes_true

if TYPE_CHECKING:
    from tests.integration.support.place import Place

BENCH = Path(__file__).parents[1] / "bench/roster.py"

ROWS = 40_000
"""More than one run, and if they were held they would take 50 MiB."""

MOST = 16
"""MiB over the libraries: a run of 8, and what tells who shares a value."""


def test_of_many_people_none_is_held(place: Place) -> None:
    """Made, and compared with a roster in which everybody is another."""
    run = subprocess.run(
        [sys.executable, str(BENCH), str(place.collections), str(ROWS)],
        cwd=place.root,
        env=place.environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    peaks = {line["step"]: line["peak_mib"] for line in map(json.loads, run.stdout.splitlines())}
    assert set(peaks) == {"base", "csv", "make", "other", "plan"}
    assert max(peaks.values()) < peaks["base"] + MOST, peaks


def test_of_what_is_set_aside_a_kill_leaves_nothing(place: Place) -> None:
    folder = place.root / "rosters"
    folder.mkdir()
    step = [
        sys.executable,
        str(BENCH),
        str(place.collections),
        "step",
        "make",
        "500000",
        str(folder),
    ]
    with subprocess.Popen(step, env=place.environment()) as process:
        opened = Path(f"/proc/{process.pid}/fd")

        def sets_aside() -> bool:
            names = []
            for file in opened.iterdir():
                # It may be closed by now.
                with suppress(FileNotFoundError):
                    names.append(os.readlink(file))
            return any(name.startswith(f"{folder}/") for name in names)

        assert comes_true(sets_aside)
        assert os.listdir(folder) == []
        process.kill()
    assert os.listdir(folder) == []

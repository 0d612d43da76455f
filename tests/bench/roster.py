# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the CPU time and peak memory of building, writing and comparing rosters.

    python tests/bench/roster.py COLLECTIONS_PATH ROWS...

Each step runs in a separate process and prints a JSON line. The steps are: ``base``, which only generates contacts;
``csv``, which also writes them with the csv module; ``build``, which builds and writes a roster; ``rebuild``, which
builds and writes a second, different roster; and ``plan``, which compares the two rosters.
"""

from __future__ import annotations

import csv
import importlib
import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

SITES = 20
PAGE = 1000
COLUMNS = [
    {"header": "First Name", "value": "givenName", "required": True},
    {"header": "Last Name", "value": "sn", "required": True},
    {"header": "Email", "value": "mail", "unique": True, "required_unless": "SMS Phone"},
    {"header": "SMS Phone", "value": "mobile", "unique": True},
    {"header": "Location", "value": "location", "required": True},
]


def import_from_collection(name: str) -> Any:
    """Import a module of the collection by its name in module_utils."""
    return importlib.import_module(
        f"ansible_collections.frontdesk.contacts.plugins.module_utils.{name}"
    )


def generate_contacts(rows: int, seed: int = 1) -> Iterator[tuple[Any, int]]:
    """Yield each contact with the number of its source.

    About one contact in a thousand has the same mail address as another one.

    :param rows: number of contacts.
    :param seed: seed of the random values.
    """
    contact = import_from_collection("_contacts.model").Contact
    rng = random.Random(seed)
    for number in range(rows):
        source = number * SITES // rows
        location = f"site-{source:02d}"
        identity = str(uuid.UUID(int=rng.getrandbits(128)))
        mail = rng.randrange(rows) if rng.random() < 0.001 else number
        cells = (
            f"Første{number % 1000}",
            f"Lastname{rng.randrange(50_000)}",
            f"person.{mail}@corp.example",
            f"+4790{number:07d}",
            location,
        )
        yield contact(location, cells, identity), source


def build_roster(rows: int, folder: Path, name: str, seed: int) -> None:
    """Build a roster, and write the roster and its identities file.

    :param rows: number of contacts.
    :param folder: directory for the files.
    :param name: name of the roster file.
    :param seed: seed of the random values.
    """
    columns = import_from_collection("_contacts.columns").compile_columns(COLUMNS, all_global=False)
    mapped_page = import_from_collection("_contacts.model").MappedPage
    locations = [f"site-{number:02d}" for number in range(SITES)]
    with import_from_collection("_roster.external_sort").open_spill_area(folder) as scratch:
        builder = import_from_collection("_roster.builder").RosterBuilder(
            columns, locations, scratch
        )
        for source, page in itertools.groupby(generate_contacts(rows, seed), key=itemgetter(1)):
            records = (person.record for person, _source in page)
            while part := list(itertools.islice(records, PAGE)):
                builder.add_page(mapped_page({locations[source]: part}, ()), source)
        roster = builder.build()
        with (
            (folder / name).open("wb") as csv_file,
            (folder / f"{name}.ids").open("wb") as ids_file,
            tempfile.SpooledTemporaryFile(1 << 20, dir=str(folder)) as identities,
        ):
            import_from_collection("_roster.writer").write_roster(
                roster, csv_file, ids_file, identities
            )


def compare_rosters(folder: Path) -> None:
    """Compare the two rosters.

    They contain different identities, and most of their last names differ.
    """
    files = import_from_collection("_roster.files")
    with (
        files.load_roster(folder / "old.csv") as old,
        files.load_roster(folder / "new.csv") as new,
        import_from_collection("_roster.external_sort").open_spill_area(folder) as scratch,
    ):
        import_from_collection("_roster.plan").make_plan(old, new, ["Email"], "Location", scratch)


def run_step(step: str, rows: int, folder: Path) -> None:
    """Run one step in this process, and print the CPU time and the peak memory."""
    for name in (
        "_contacts.columns",
        "_roster.writer",
        "_module.destination",
        "_roster.external_sort",
    ):
        import_from_collection(name)
    started = time.process_time()
    if step == "base":
        for _person in generate_contacts(rows):
            pass
    elif step == "csv":
        with (folder / "plain.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(person.cells for person, _source in generate_contacts(rows))
    elif step == "build":
        build_roster(rows, folder, "old.csv", 1)
    elif step == "rebuild":
        build_roster(rows, folder, "new.csv", 2)
    else:
        compare_rosters(folder)
    seconds = round(time.process_time() - started, 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"rows": rows, "step": step, "cpu_seconds": seconds, "peak_mib": peak}))


def main() -> None:
    """Run all steps in separate processes, or one step in this process."""
    collections, *numbers = sys.argv[1:]
    if numbers[0] == "step":
        sys.path.insert(0, collections)
        run_step(numbers[1], int(numbers[2]), Path(numbers[3]))
        return
    for rows in numbers:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            for step in ("base", "csv", "build", "rebuild", "plan"):
                command = [sys.executable, __file__, collections, "step", step, rows, folder]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time and memory of rosters: made of people and written, read, and compared.

    python tests/bench/roster.py FOLDER_OF_COLLECTIONS ROWS...

One line of JSON for each number of rows and step; each step is a process of its own. ``base`` is the
generator of people alone with all libraries, ``csv`` adds the csv module's writerows, ``make`` the roster.
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


def collection(name: str) -> Any:
    """A module of the collection."""
    return importlib.import_module(
        f"ansible_collections.frontdesk.contacts.plugins.module_utils.{name}"
    )


def people(rows: int, seed: int = 1) -> Iterator[tuple[Any, int]]:
    """Contacts and the numbers of their sources; one of a thousand has another one's address."""
    contact = collection("_contacts.model").Contact
    chance = random.Random(seed)
    for number in range(rows):
        source = number * SITES // rows
        place = f"site-{source:02d}"
        identity = str(uuid.UUID(int=chance.getrandbits(128)))
        mail = chance.randrange(rows) if chance.random() < 0.001 else number
        cells = (
            f"Første{number % 1000}",
            f"Lastname{chance.randrange(50_000)}",
            f"person.{mail}@corp.example",
            f"+4790{number:07d}",
            place,
        )
        yield contact(place, cells, identity), source


def make(rows: int, folder: Path, name: str, seed: int) -> None:
    """Make a roster and write both files."""
    columns = collection("_contacts.columns").compile_columns(COLUMNS, all_global=False)
    found = collection("_contacts.model").MappedPage
    places = [f"site-{number:02d}" for number in range(SITES)]
    with collection("_roster.external_sort").open_spill_area(folder) as scratch:
        gathering = collection("_roster.builder").RosterBuilder(columns, places, scratch)
        for source, page in itertools.groupby(people(rows, seed), key=itemgetter(1)):
            records = (person.record for person, _source in page)
            while part := list(itertools.islice(records, PAGE)):
                gathering.add_page(found({places[source]: part}, ()), source)
        roster = gathering.build()
        with (
            (folder / name).open("wb") as csv_file,
            (folder / f"{name}.ids").open("wb") as ids_file,
            tempfile.SpooledTemporaryFile(1 << 20, dir=str(folder)) as identities,
        ):
            collection("_roster.writer").write_roster(roster, csv_file, ids_file, identities)


def plan(folder: Path) -> None:
    """Compare two rosters in which every address and most names differ."""
    files = collection("_module.files")
    with (
        files.load_roster(folder / "old.csv") as old,
        files.load_roster(folder / "new.csv") as new,
        collection("_roster.external_sort").open_spill_area(folder) as scratch,
    ):
        collection("_roster.plan").make_plan(old, new, ["Email"], "Location", scratch)


def run(step: str, rows: int, folder: Path) -> None:
    """Run one step in this process and print what it took."""
    for name in ("_contacts.columns", "_roster.writer", "_module.files", "_roster.external_sort"):
        collection(name)
    begun = time.process_time()
    if step == "base":
        for _person in people(rows):
            pass
    elif step == "csv":
        with (folder / "plain.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(person.cells for person, _source in people(rows))
    elif step == "make":
        make(rows, folder, "old.csv", 1)
    elif step == "other":
        make(rows, folder, "new.csv", 2)
    else:
        plan(folder)
    seconds = round(time.process_time() - begun, 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"rows": rows, "step": step, "cpu_seconds": seconds, "peak_mib": peak}))


def main() -> None:
    """Run all steps, each in a process of its own, or one of them."""
    collections, *numbers = sys.argv[1:]
    if numbers[0] == "step":
        sys.path.insert(0, collections)
        run(numbers[1], int(numbers[2]), Path(numbers[3]))
        return
    for rows in numbers:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            for step in ("base", "csv", "make", "other", "plan"):
                one = [sys.executable, __file__, collections, "step", step, rows, folder]
                subprocess.run(one, check=True)


if __name__ == "__main__":
    main()

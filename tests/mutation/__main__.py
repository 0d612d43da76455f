# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run mutation tests on _expressions, _contacts, _roster and _text.py in module_utils (`make mutants`).

    python tests/mutation ROOT [FILE...]

ROOT is the directory that contains ansible_collections. FILE is a path below module_utils, such as _roster/plan.py;
the default is all files. mutmut creates the mutants and runs the unit tests.

The run fails if a mutant survives, unless equivalent.yml lists the mutant with the reason why no test can kill it. The
run also fails if an entry in equivalent.yml is not needed. A mutant that only causes a timeout is a survivor.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

import yaml

COLLECTION = "ansible_collections/frontdesk/contacts"
UTILITIES = f"{COLLECTION}/plugins/module_utils"
MUTATED = ("_expressions", "_contacts", "_roster", "_text.py")
TESTS = f"{COLLECTION}/tests/unit/plugins/module_utils"
TESTED = ("_expressions", "_contacts", "_roster", "test_text.py", "test_libraries.py")
EQUIVALENT_FILE = Path(__file__).with_name("equivalent.yml")
SETTINGS = f"""\
[tool.mutmut]
source_paths = {[f"{UTILITIES}/{path}" for path in MUTATED]}
pytest_add_cli_args_test_selection = {[f"{TESTS}/{name}" for name in TESTED]}
pytest_add_cli_args = ["-p", "no:cacheprovider"]
also_copy = ["ansible_collections"]
# Without this section, pytest would use the settings in a parent directory.
[tool.pytest.ini_options]
"""
# Strings, words, operators and other characters of Python code.
TOKEN = re.compile(r"""\"[^"]*"|'[^']*'|\w+|[-+*/%&|^~<>=!@]+|\S""")


class Mutant(NamedTuple):
    """A small change to the code that a test should detect.

    :ivar function: name of the function, with its module below module_utils, such as ``_roster.plan.Plan.id``.
    :ivar change: the parts of the code that are replaced and their replacement, such as ``< -> <=``.
    """

    function: str
    change: str


def run_mutmut(root: Path, *arguments: str) -> str:
    """Run mutmut and return its output.

    Two sources of randomness are eliminated: the examples of property-based tests, and the hashes of strings.

    :param root: working directory, which contains ansible_collections.
    :raises SystemExit: if mutmut fails.
    """
    command = [sys.executable, "-m", "mutmut", *arguments]
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "mutants", "PYTHONHASHSEED": "0"}
    result = subprocess.run(
        command, check=False, cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    )
    if result.returncode:
        sys.exit(
            f"{result.stdout}\nCannot test the mutants: `mutmut {arguments[0]}` exited with status {result.returncode}."
            " Correct the error in the output of mutmut."
        )
    return result.stdout


def list_results(root: Path, patterns: list[str]) -> dict[str, str]:
    """Return the result of each mutant by name.

    :param root: working directory, which contains ansible_collections.
    :param patterns: patterns for mutant names; empty for all mutants.
    """
    lines = re.findall(
        r"^ *(\S+): (.+)$", run_mutmut(root, "results", "--all", "True"), re.MULTILINE
    )
    return {
        name: result
        for name, result in lines
        if not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    }


def name_pattern(file: str) -> str:
    """Return the pattern that matches the names of all mutants of a file."""
    return f"*.{file.removesuffix('.py').replace('/', '.')}.*"


def name_function(name: str) -> str:
    """Return the name of the function that a mutant changes, in the format of `Mutant.function`.

    :param name: name of the mutant in mutmut, which ends with ``_text.x_compose__mutmut_1`` for a function, and with
        ``_roster.plan.xǁPlanǁid__mutmut_1`` for a method.
    """
    module, _dot, function = re.sub(r"__mutmut_\d+$", "", name).rpartition(".")
    parts = function.split("ǁ")[1:] or [function.removeprefix("x_")]
    return ".".join([module.rpartition("module_utils.")[2], *parts])


def describe_change(difference: str) -> str:
    """Return the change in the unified diff of a mutant, such as ``< -> <=`` or ``nothing -> not``."""
    lines = [line for line in difference.splitlines() if not line.startswith(("--- ", "+++ "))]
    before, after = (
        [token for line in lines if line.startswith(sign) for token in TOKEN.findall(line[1:])]
        for sign in "-+"
    )
    removed, added = [], []
    for kind, start, end, new_start, new_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if kind != "equal":
            removed += before[start:end]
            added += after[new_start:new_end]
    return f"{' '.join(removed) or 'nothing'} -> {' '.join(added) or 'nothing'}"


def load_equivalent_mutants() -> list[Mutant]:
    """Return the mutants listed in equivalent.yml."""
    entries = yaml.safe_load(EQUIVALENT_FILE.read_text(encoding="utf-8"))
    return [Mutant(entry["function"], entry["change"]) for entry in entries]


def main() -> int:
    """Run the mutation tests, and return 1 if the survivors differ from those in equivalent.yml."""
    root, files = Path(sys.argv[1]), sys.argv[2:]
    started = time.monotonic()
    # mutmut would also collect tests of earlier runs that have been renamed since.
    shutil.rmtree(root / "mutants", ignore_errors=True)
    (root / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    # The pytest settings of the collection are for the integration tests.
    (root / COLLECTION / "pyproject.toml").unlink(missing_ok=True)
    patterns = [name_pattern(file) for file in files]
    run_mutmut(root, "run", *patterns)
    results = list_results(root, patterns)
    # A function can contain several mutants with the same change.
    survivors = Counter(
        Mutant(name_function(name), describe_change(run_mutmut(root, "show", name)))
        for name, result in results.items()
        if result != "killed"
    )
    modules = [f"{file.removesuffix('.py').replace('/', '.')}." for file in files] or [""]
    known = Counter(
        mutant for mutant in load_equivalent_mutants() if mutant.function.startswith(tuple(modules))
    )
    problems = [f"Survived: {mutant}" for mutant in (survivors - known).elements()]
    problems += [
        f"Not needed in {EQUIVALENT_FILE.name}: {mutant}"
        for mutant in (known - survivors).elements()
    ]
    print("\n".join(problems))
    seconds = time.monotonic() - started
    killed = len(results) - survivors.total()
    print(
        f"=== {killed} of {len(results)} mutants killed, {survivors.total()} survived, in {seconds:.0f} s ==="
    )
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())

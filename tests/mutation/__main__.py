# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Break the middle one expression at a time, and see that a unit test notices: `make mutants`.

    python tests/mutation ROOT [FILE...]

ROOT is the folder that holds ansible_collections; FILE is one of the middle, such as plan.py, and without
one all are broken. mutmut makes the mutants and runs the tests. A mutant that no test notices is a failure,
unless equivalent.yml beside this file says why nobody could notice; so is a line there that no mutant needs
any more. A mutant that only ends by running out of time counts as one that no test notices.
"""

from __future__ import annotations

import fnmatch
import os
import re
import subprocess
import sys
import time
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
# Without a section of its own pytest would take the settings of a folder further up.
[tool.pytest.ini_options]
"""


class Mutant(NamedTuple):
    """A change of one place in the code.

    :ivar file: path below module_utils, such as ``_roster/plan.py``.
    :ivar before: the lines that were changed, without their indentation.
    :ivar after: what they were changed to.
    """

    file: str
    before: str
    after: str


def mutmut(root: Path, *arguments: str) -> str:
    """Run mutmut and return what it printed.

    Chance has no part in it: neither in what property tests try, nor in the hashes that sharers are found by.
    """
    command = [sys.executable, "-m", "mutmut", *arguments]
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "mutants", "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, check=False, cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\nmutmut {arguments[0]} ended with {done.returncode}")
    return done.stdout


def mutant_results(root: Path, patterns: list[str]) -> dict[str, str]:
    """Return what became of each mutant that was made."""
    lines = re.findall(r"^ *(\S+): (.+)$", mutmut(root, "results", "--all", "True"), re.MULTILINE)
    return {
        name: result
        for name, result in lines
        if not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    }


def mutmut_pattern(file: str) -> str:
    """Return what mutmut calls the mutants of a file."""
    return f"*.{file.removesuffix('.py').replace('/', '.')}.*"


def read_mutant(difference: str) -> Mutant:
    """Read a unified diff of one file."""
    lines = difference.splitlines()
    file = next(line for line in lines if line.startswith("--- ")).rpartition("module_utils/")[2]
    changed = [line for line in lines if not line.startswith(("--- ", "+++ "))]
    before, after = (
        " ".join(line[1:].strip() for line in changed if line.startswith(sign)) for sign in "-+"
    )
    return Mutant(file, before, after)


def load_equivalent_mutants() -> dict[Mutant, str]:
    """Return the mutants that nobody could notice, each with the reason."""
    entries = yaml.safe_load(EQUIVALENT_FILE.read_text(encoding="utf-8"))
    return {
        Mutant(entry["file"], entry["before"], entry["after"]): entry["reason"] for entry in entries
    }


def main() -> int:
    """Make the mutants, run the tests, and return 1 if something is not as equivalent.yml says."""
    root, files = Path(sys.argv[1]), sys.argv[2:]
    started = time.monotonic()
    (root / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    # These settings are meant for the integration tests.
    (root / COLLECTION / "pyproject.toml").unlink(missing_ok=True)
    patterns = [mutmut_pattern(file) for file in files]
    mutmut(root, "run", *patterns)
    made = mutant_results(root, patterns)
    survivors = [
        read_mutant(mutmut(root, "show", name))
        for name, result in made.items()
        if result != "killed"
    ]
    known = {mutant for mutant in load_equivalent_mutants() if not files or mutant.file in files}
    problems = [f"Nobody noticed: {mutant}" for mutant in survivors if mutant not in known]
    problems += [
        f"No longer needed in {EQUIVALENT_FILE.name}: {mutant}"
        for mutant in sorted(known - set(survivors))
    ]
    print("\n".join(problems))
    seconds = time.monotonic() - started
    killed = len(made) - len(survivors)
    print(
        f"=== {killed} of {len(made)} mutants noticed, {len(survivors)} not in {seconds:.0f}s ==="
    )
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())

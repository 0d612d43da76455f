# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

.PHONY: bench demo docs fuzz mutants test

bench:
	@tests/bootstrap.sh bench tests/bench/run.py

demo:
	@tests/bootstrap.sh demo demo/run.py

docs:
	@tests/bootstrap.sh gate tests/gate.py docs

test:
	@tests/bootstrap.sh gate tests/gate.py

fuzz:
	@tests/bootstrap.sh gate tests/gate.py fuzz

mutants:
	@tests/bootstrap.sh gate tests/gate.py mutants

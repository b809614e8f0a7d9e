.PHONY: demo docs test test-all mutants bench lint
.DEFAULT_GOAL := help

PYTHON ?= python3

help:
	@echo "make demo      train an SDGM on real digits with 100 labels, print the table, draw the figures"
	@echo "make test      run the tests and the tutorials, except the long tests marked slow"
	@echo "make test-all  run those too, about an hour"
	@echo "make docs      write the documentation site to docs/_build/html"
	@echo "make mutants   break the formulas one by one and check that a test fails each time, write benchmarks/mutants.md"
	@echo "make bench     measure the speed against other implementations, write benchmarks/*.md"
	@echo "make lint      check style and types"

.venv/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[test,docs]'
	touch $@

# one thread: networks of this size gain nothing from a second one, and lose much on a busy machine
demo: .venv/installed
	OMP_NUM_THREADS=1 .venv/bin/pyrodgm demo

test: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/mypy
	OMP_NUM_THREADS=1 PYRODGM_QUICK=1 .venv/bin/python -m pytest -m "not slow" -n 2 --dist worksteal --nbmake tests tutorials

# GPU tests are skipped without a GPU
test-all: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/mypy
	OMP_NUM_THREADS=1 PYRODGM_QUICK=1 .venv/bin/python -m pytest -n 2 --dist worksteal --nbmake tests tutorials

# needs no network; a warning, such as for a broken link, is an error
docs: .venv/installed
	.venv/bin/sphinx-build -q -W --keep-going -E -b html docs docs/_build/html

mutants: .venv/installed
	OMP_NUM_THREADS=1 PYRODGM_QUICK=1 .venv/bin/python -m tests.mutants

# --no-deps: the measured code of the peers does not need their dependencies
bench: .venv/installed
	-.venv/bin/python -m pip install --quiet --no-deps --constraint constraints.txt pythae pixyz zuko
	.venv/bin/python -m benchmarks.steps
	.venv/bin/python -m benchmarks.loop
	.venv/bin/python -m benchmarks.guards
	.venv/bin/python -m benchmarks.importance_weights
	.venv/bin/python -m benchmarks.many_classes
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.class_gradients
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.batch_statistics
	.venv/bin/python -m benchmarks.flows
	.venv/bin/python -m benchmarks.iwae
	.venv/bin/python -m benchmarks.pixel_cnn
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.recipe_steps
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.local_reparameterisation
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.guide_notes
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.masked_conv
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.anomalies
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.fit_time
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.rare_classes
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.pv_stream
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.pv_unseen
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.pv_elsewhere

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/mypy

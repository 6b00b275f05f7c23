# The verbs of the project; people and .ci/run use the same ones.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: setup demo test lint bench clean help warm

# Without compiled bytecode every process of the tests would compile torch and numba again, for seconds.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FASTTEXT := .venv-fasttext/bin/python
PEERS := .venv-peers/bin/python
# More workers than this would only start, import and collect.
WORKERS := $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 8 ? n : 8)))
# Every program in the folder, except those that make files for the tests and those that only run a peer.
BENCH ?= $(filter-out make_% peers_% rmat,$(patsubst benchmarks/%.py,%,$(shell grep -l '^if __name__ ==' benchmarks/*.py)))

setup: $(STAMP)  ## make .venv and install everything (again when pyproject.toml or constraints.txt change)

# --no-compile: most of what is installed is never imported, and the rest is compiled on its first import.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "lilliput needs Python 3.10 or newer; name one: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "installing into $(VENV), once"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP)  ## everything once, on data that every machine has
	@$(BIN)/lilliput demo

test: warm  ## the tests; some of them: make test ARGS=tests/core
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

# The kernels are compiled here, once, and not by several test workers at the same time.
warm: $(STAMP)
	@$(BIN)/lilliput doctor --compile

lint: $(STAMP)  ## style, types, and the floors of the house
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(STAMP) $(FASTTEXT) $(PEERS)  ## the benchmarks; some of them: make bench BENCH="label_speed"; data: LILLIPUT_DATA
	@for name in $(BENCH); do echo "== $$name"; \
	  LILLIPUT_FASTTEXT=$(abspath $(FASTTEXT)) LILLIPUT_PEERS=$(abspath $(PEERS)) $(BIN)/python benchmarks/$$name.py || exit 1; done

# The peer in an environment of its own: fastText 0.9.3 needs a compiler and NumPy 1.
$(FASTTEXT):
	@echo "installing fastText into .venv-fasttext, once"
	@$(PYTHON) -m venv .venv-fasttext
	@$@ -m pip install -qq --disable-pip-version-check 'numpy<2' fasttext==0.9.3

# The other peers, in an environment of their own: we depend on none of them.
$(PEERS):
	@echo "installing the peers into .venv-peers, once"
	@$(PYTHON) -m venv .venv-peers
	@$@ -m pip install -qq --disable-pip-version-check gensim implicit igraph networkx pandas polars rustworkx \
	  scikit-network scipy

clean:  ## remove whatever was made here, .venv and compiled kernels too
	rm -rf $(VENV) .venv-fasttext .venv-peers build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

help:
	@sed -n 's/^\([a-z]*\):.*  ## /make \1\t/p' Makefile | expand -t 14

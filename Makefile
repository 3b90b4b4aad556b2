# Shortcuts; .ci/run says what decides.
.PHONY: bench check docs docs-serve docs-tables test test-all test-slow

check: docs-tables ## what to do before a commit: pages made anew, linters, types, floors and prose
	ruff format . && ruff check . && mypy
	pytest -q --collect-only > /dev/null
	pytest -q tests/test_architecture.py tests/test_made_pages.py tests/test_citation.py tests/awb/cli

test: ## the quick tests, as typed in README
	pytest

test-slow: ## the long sweeps alone
	pytest -m slow

test-all: ## both
	pytest -m "slow or not slow"

bench: ## measure the ratios and write the table of docs/performance.md
	OMP_NUM_THREADS=1 python perf/table.py --output docs/performance.md

docs: ## build the documentation site into site/; any warning is an error
	PYTHONPATH=tests zensical build --strict --clean

docs-serve: ## show it in the browser while writing
	PYTHONPATH=tests zensical serve

docs-tables: ## write the pages and tables of docs/ that are made from the code
	python tests/make_pages.py

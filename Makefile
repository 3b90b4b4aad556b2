# Shortcuts; .ci/run says what decides.
.PHONY: bench

bench: ## measure the ratios and write the table of docs/performance.md
	OMP_NUM_THREADS=1 python perf/table.py --output docs/performance.md

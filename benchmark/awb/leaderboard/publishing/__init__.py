"""Publishing: submissions from runs, and pages from submissions."""

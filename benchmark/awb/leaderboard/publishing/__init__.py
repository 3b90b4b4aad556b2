"""Publishing: submissions made from runs, and the pages made from submissions."""

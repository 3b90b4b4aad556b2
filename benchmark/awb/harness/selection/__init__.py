"""Which instances are explained, and why the others are not."""

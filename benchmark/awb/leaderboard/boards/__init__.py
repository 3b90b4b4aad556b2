"""Boards: ranked tables of explainers, and the sentences that summarize them."""

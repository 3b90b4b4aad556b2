"""Deposits: what describes the submissions to archives, and to machines."""

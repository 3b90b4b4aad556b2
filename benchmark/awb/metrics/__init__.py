"""Metrics: pure functions on arrays, each with its frozen record of facts.

A metric that has no value raises `awb.errors.UndefinedScoreError`; wrong shapes and values that are
not finite raise `awb.errors.RelevanceError` or `awb.errors.ParameterError`.
"""

"""Clips that are put together from recordings: sounds at known times over a background.

Shared by the datasets whose recordings carry no times of their own: since a sound is cut off where
its label begins and ends, the label is exact.
"""

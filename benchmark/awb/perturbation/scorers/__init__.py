"""Scoring of masked clips: whole, or by the patches, moments or frames that masks share."""

"""Leaderboards: ranked tables, submissions, their verification and their publication."""

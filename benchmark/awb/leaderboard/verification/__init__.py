"""Verification: is what a submission claims true?"""

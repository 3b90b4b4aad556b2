"""Verification: are the claims of a submission true?"""

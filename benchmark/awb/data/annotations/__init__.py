"""Annotations in everyone's formats: read, matched with the audio, and written as tracks.

A format is a module with a `Format` (how it is recognized, how it is read), listed in `formats`.
`reading` finds the format of a file, `placing` puts what was read onto clips: it trims, matches, or
leaves out and counts, and `tracks` writes.
"""

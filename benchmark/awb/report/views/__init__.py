"""What is shown of a board: its rows, its instances with their audio, and spectrograms."""

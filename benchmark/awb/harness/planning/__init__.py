"""Planning: what a run takes, what is worth its time, and when it stops."""

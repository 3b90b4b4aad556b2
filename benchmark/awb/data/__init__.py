"""What datasets and models say to each other: classes, and prepared tables of instances."""

"""Selection of the instances to explain, with reasons for the others."""

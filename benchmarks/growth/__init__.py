"""How the work of a verification grows with each dimension of its input."""

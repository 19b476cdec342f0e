"""What runs in the tests' own environment, under its Python: it imports nothing of Stackwright's."""

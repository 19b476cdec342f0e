"""A proof in a disposable machine: made, used once, and thrown away whatever happened."""

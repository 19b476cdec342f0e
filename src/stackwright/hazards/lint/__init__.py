"""What a patch leaves undone in its own tree, and the mending of that where it is mechanical."""

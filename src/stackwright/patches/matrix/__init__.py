"""How every patch stands, for each component and release, and on further refs."""

"""A site's values: said in layers, merged, typed, and each known by who said it."""

"""What upstream's history says of a series: what broke it, and what has been merged."""

"""What a carried patch collides with, now and at the next upgrade."""

"""Sites on hosts of their own."""

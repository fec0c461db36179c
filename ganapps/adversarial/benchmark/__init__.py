"""What the core costs, beside loops that do the same without it."""

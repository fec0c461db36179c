"""Drawn images: which of them join, and whether they repeat what was learned."""

"""The native window, and what is needed for it."""

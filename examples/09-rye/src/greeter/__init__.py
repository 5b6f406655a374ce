"""Greets in turn."""

"""Patter under kill -9, load and outages: what is lost, what is doubled, and what has to wait."""

"""Starts every part of the platform on one machine, on loopback; nothing here is used in a cluster."""

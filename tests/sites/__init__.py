"""Replicas of media sites behind one TLS-terminating proxy, and an origin with faults; all on loopback."""

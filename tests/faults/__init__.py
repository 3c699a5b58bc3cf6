"""Faults of everything that the bot stands on, met by the real process: it goes on by itself, and /health told so."""

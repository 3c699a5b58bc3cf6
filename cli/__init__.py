"""Terminal front end over services/; `serve` imports none of it."""

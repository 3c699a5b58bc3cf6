"""Use cases: no Telegram, no HTTP server, no SQL dialect."""

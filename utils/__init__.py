"""Tools that know neither sites nor Telegram."""

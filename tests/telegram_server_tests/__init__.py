"""Proof that tests/telegram_server behaves as Telegram does: by a second implementation and by the real client."""

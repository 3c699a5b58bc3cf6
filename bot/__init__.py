"""Telegram front end; the only folder that imports pyrogram."""

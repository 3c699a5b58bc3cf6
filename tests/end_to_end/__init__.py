"""The bot as a process of its own, against the Telegram server and the replicas of the sites."""

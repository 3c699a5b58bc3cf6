"""yt-dlp in a process of its own."""

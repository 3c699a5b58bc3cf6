"""The life of the process: parts, jobs and the way to a platform."""

"""How fast upscalers are: on every engine that is installed, and beside what others offer."""

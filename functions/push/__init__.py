"""The push function: tells connected clients what was written."""

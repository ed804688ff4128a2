"""The WebSocket function: who is connected and what they watch."""

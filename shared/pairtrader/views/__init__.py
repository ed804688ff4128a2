"""What people are shown of bots and their records, as plain JSON values."""

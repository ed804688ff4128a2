"""What reaches users by itself: notifications and live push."""

"""A bot's settings over history: the decisions of the live bot at the speed of memory."""

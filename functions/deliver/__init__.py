"""The deliver function: sends notifications out."""

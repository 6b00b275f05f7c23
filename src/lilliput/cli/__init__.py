"""Floor 7: the command line, a file a verb."""

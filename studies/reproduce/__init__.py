"""Published results beside our own: trains a folder of experiments in both tracks and prints the table."""

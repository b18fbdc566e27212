"""The networks written out in NumPy, to be read. No torch anywhere in this process."""

"""What happens around a training, the same for both tracks: its course from flags to results, and `load_track`."""

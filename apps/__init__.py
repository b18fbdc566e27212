"""What a trained run is good for: naming unseen things, search, a page to draw on, export."""

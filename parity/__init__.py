"""The proof that both tracks are the same network: measurements of where and by how much they differ."""

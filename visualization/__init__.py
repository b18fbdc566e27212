"""Output for people: the console, TensorBoard's files, the figures and the embedding projector. No torch."""

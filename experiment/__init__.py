"""What both tracks share: typed config, run folder, metrics, figures, TensorBoard writer. No torch here."""

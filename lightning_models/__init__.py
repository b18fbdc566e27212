"""The same models as LightningModules."""

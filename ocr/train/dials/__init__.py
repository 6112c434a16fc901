"""The network that reads pointers on round scales, trained on drawn dials alone."""

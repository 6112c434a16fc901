"""Training of the models shipped in `ocr/models` (development only; torch is the extra `train`)."""

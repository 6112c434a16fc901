"""One module per kind of device or service; the file's name is the `type` in config.json."""

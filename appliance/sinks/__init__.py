"""One module per kind of receiver; the file's name is the `type` in config.json."""

"""What the owner wants: `config.json` read, migrated, checked, frozen and saved. Imports nothing of ours."""

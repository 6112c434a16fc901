"""The commands of `tallywatt`; heavy imports stand inside them, so that --help answers at once."""

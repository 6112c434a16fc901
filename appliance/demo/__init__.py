"""The virtual house: one consistent simulation behind emulators that speak each device's own protocol."""

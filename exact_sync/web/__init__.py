"""HTTP: what others may ask of a running exact-sync. It knows nothing of the scheduler."""

"""The function that looks after the namespace: finds it from elsewhere, and empties it before it is deleted."""

"""What all programs share: how they run, and their flags."""

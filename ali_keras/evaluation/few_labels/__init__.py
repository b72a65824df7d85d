"""What few labels are good for: probes of features, and which to ask for."""
